//! Pulls container images from registries into a tar that `docker load` accepts.
//!
//! One engine with three fronts: Java and C through [`ffi`], the command line through the binary `mcjr`. The layers and
//! the way of one pull through them are drawn in `docs/architecture.md`. A module uses only what stands above it here:
//!
//! 1. pure, no I/O: [`error`] [`limits`] [`redact`] [`digest`] [`mod@reference`] [`retry`] [`proxy`] [`platform`]
//!    [`manifest`] [`choice`] [`settings`]
//! 2. [`runtime`], and what a pull shares with whoever watches it: [`session`] [`provider::callback`]
//! 3. [`transport`]: HTTP, redirects, authentication
//! 4. [`provider`]: where the credential comes from
//! 5. [`registry`]: the endpoints of the distribution spec
//! 6. [`archive`]: tar layouts and the output file
//! 7. [`pull`], then [`client`]
//! 8. [`ffi`]

pub mod archive;
pub mod choice;
pub mod client;
pub mod digest;
pub mod error;
pub mod ffi;
pub mod limits;
pub mod manifest;
pub mod platform;
pub mod provider;
pub mod proxy;
pub mod pull;
pub mod redact;
pub mod reference;
pub mod registry;
pub mod retry;
pub mod runtime;
pub mod session;
pub mod settings;
pub mod transport;

pub use client::Client;
pub use error::{Error, ErrorKind, Result};
pub use pull::Pulled;
pub use session::Session;
pub use settings::{PullOptions, Settings};

/// The version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
