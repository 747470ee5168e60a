//! `mcjr pull` against real parts: Debian's docker-registry in front, dockerd and skopeo behind.
//!
//! The parts come from Debian (`scripts/setup test`) and are started here, on free ports and in folders of their own.
//! A test whose parts are absent says so on standard error; with `CI=true` or `MCJR_REQUIRE_PARTS=1` it fails.

#![cfg(feature = "cli")]

mod access;
mod archive;
mod docker;
mod fixture;
mod http;
mod load;
mod mcjr;
mod pki;
mod process;
mod registry;
#[path = "../support/mod.rs"]
mod support;
mod token;
mod upload;
