//! The engine against the embedded registry: what it asks for, what it writes, and that it leaves nothing behind.
//!
//! No Docker, no network. Each test has a registry, a client and a folder of its own and reads like a script:
//! [`fixture::Puller`] pulls into the folder and watches it, [`archive::Archive`] is what came out.

mod archive;
mod auth;
mod blobs;
mod cancel;
mod caps;
mod client_certs;
mod crowd;
mod decoded;
mod desk;
mod destination;
mod disk;
mod fixture;
mod hostile_layers;
mod manifests;
mod oci;
mod proxy;
mod pulls;
mod redirects;
mod same_bytes;
mod sha512;
mod statuses;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod tokens;
mod trust;
