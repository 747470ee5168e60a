//! The C API, declared in `include/multicloudj_registry.h` (generated from this module; its preamble, in
//! `cbindgen.toml`, has the rules of ownership and threads).
//!
//! Two kinds of objects. What one caller uses by itself (configuration, options, result, error) is a boxed value behind
//! its pointer. What several threads share (client, cancellation) is a number of the table in `ffi::handles` that
//! merely looks like a pointer: closing one while another thread uses it is then an error value and not a crash.
//!
//! Each exported function is a shell with a guard around a function that returns a `Result`. Outputs are written only
//! on success.
#![expect(non_camel_case_types, reason = "the types bear the names that C knows them by")]

mod client;
mod error;
mod options;
mod pointer;
mod progress;
mod pull;
mod result;

pub use client::*;
pub use error::*;
pub use options::*;
pub use progress::*;
pub use pull::*;
pub use result::*;
