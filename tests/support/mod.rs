//! What the tests and the embedded registry of the demo stand on: synthetic images and a registry that misbehaves on
//! request.
//!
//! Nothing here knows the engine: the same code answers Rust, Java, C and the shell, so it must not share their
//! mistakes.
//!
//! ```ignore
//! let registry = Registry::start();
//! let image = Image::new().layer(gzip(&[("etc/motd", b"hi")])).push(&registry, "app", "v1");
//! registry.fault("GET /v2/app/blobs/* once cut=1000");
//! // ... pull registry.reference("app", "v1") ...
//! assert_eq!(registry.count("GET", "/v2/app/blobs/*"), 3);
//! ```
//!
//! | Module | Holds |
//! |---|---|
//! | [`content`] | bytes in memory, in a file, or made from a seed as they are read |
//! | [`layer`], [`bulk`] | tar archives and layers made from them; layers of any size |
//! | [`image`], [`index`], [`odd`] | images, multi-platform indexes, documents that are no image |
//! | [`store`] | what a registry holds |
//! | [`registry`] | the handle a test works with |
//! | [`routes`], [`auth`], [`control`] | the pull side of the distribution spec, logins, knobs for other processes |
//! | [`fault`], [`reply`], [`http1`] | the scripted faults, a reply they can bend, the server that sends it bent |
//! | [`record`], [`tls`], [`words`] | the request log, a private CA, small text tools |
//! | [`proxy`] | a proxy that leads where no resolver does, and tells what it was asked |
//! | [`catalogue`], [`layout`] | the demo's images, images read from an OCI layout on disk |
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test binary includes this module and uses a part of it"
)]

pub mod auth;
pub mod bulk;
pub mod catalogue;
pub mod content;
pub mod control;
pub mod fault;
pub mod http1;
pub mod image;
pub mod index;
pub mod layer;
pub mod layout;
pub mod odd;
pub mod proxy;
pub mod record;
pub mod registry;
pub mod reply;
pub mod routes;
pub mod store;
pub mod tls;
pub mod words;

pub use bulk::{big, big_plain};
pub use content::{Content, sha256};
pub use image::{Edge, Image, Lie, Pushed};
pub use index::Index;
pub use layer::{Layer, Tar, gzip, members, plain, zstd};
pub use proxy::Proxy;
pub use record::{Origin, Recorded};
pub use registry::{Builder, Registry};
pub use store::Store;
