//! Every cap on what a remote side may make us read, hold or wait for, with its reason. Reaching one is an error.

use std::time::Duration;

/// A manifest or an index: the distribution spec asks registries to take at least 4 MiB.
pub const MANIFEST: u64 = 4 << 20;
/// An image config: histories of hundreds of steps stay far below.
pub const CONFIG: u64 = 16 << 20;
/// A token answer: go-containerregistry reads 64 KiB; JWTs of some services come near.
pub const TOKEN: u64 = 1 << 20;
/// An error body: only its codes and messages are shown.
pub const ERROR_BODY: u64 = 64 << 10;
/// One registry's message in our error text, in characters.
pub const ERROR_MESSAGE: usize = 512;
/// All `WWW-Authenticate` headers of one answer together.
pub const CHALLENGE: usize = 8 << 10;
/// Children of an index.
pub const INDEX_CHILDREN: usize = 1_000;
/// Layers of an image: overlayfs itself takes 500.
pub const LAYERS: usize = 1_000;
/// One blob: above any registry's own limit (ECR: 52 GB), below what makes sums of layers overflow.
pub const BLOB: u64 = 1 << 40;
/// Redirects followed for one request.
pub const REDIRECTS: usize = 5;
/// Bytes a decoded layer may have per byte of the compressed one. Real layers stay below 100; zeros in DEFLATE reach 1032.
pub const DECODED_RATIO: u64 = 2_000;
/// Decoded bytes that are always allowed, whatever the ratio says.
pub const DECODED_FLOOR: u64 = 64 << 20;
/// The zstd window as a power of two: 128 MiB, what `zstd --long` and containerd accept.
pub const ZSTD_WINDOW_LOG: u32 = 27;

/// A TCP and TLS handshake.
pub const CONNECT: Duration = Duration::from_secs(10);
/// The longest silence inside a transfer. A slow link is fine, a dead one is not.
pub const IDLE: Duration = Duration::from_secs(60);
/// A transfer slower than this many bytes a second, over [`IDLE`] of waiting for it, is dead and only trickles.
pub const MINIMUM_RATE: u64 = 1 << 10;
/// How often a blob is begun from its first byte when its server does not resume.
pub const RESTARTS: u32 = 3;
/// About the size of the parts in which a large blob is fetched: some hundred milliseconds at the 40 MB/s that object
/// stores give a connection, so that a round trip is small beside it.
pub const PART: u64 = 16 << 20;
/// The longest `Retry-After` that is waited for (containerd's limit, too); a longer one fails at once.
pub const RETRY_AFTER: Duration = Duration::from_secs(60);
/// A cut transfer that has brought this much since it was last cut may be cut again (containers/image's rule).
pub const PROGRESS: u64 = 1 << 20;
/// The life of a token whose answer names none (distribution spec, token.md).
pub const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// The most connections per host that a caller can ask for.
pub const MAX_CONNECTIONS: usize = 256;
/// Connections per host when nothing was asked for.
pub const DEFAULT_CONNECTIONS: usize = 16;
/// Chunks of a blob that wait between the network and the writer. With hyper's buffers of at most about 400 KiB and the
/// default connections this bounds a pull's memory.
pub const CHUNKS_AHEAD: usize = 2;
