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
mod patience;
mod proxy;
mod pulls;
mod ranges;
mod redirects;
mod resume;
mod retries;
mod same_bytes;
mod schedules;
mod sha512;
mod statuses;
mod stops;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod tokens;
mod trust;
