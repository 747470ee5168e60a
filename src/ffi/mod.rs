//! The fronts for other languages: what crosses is numbers, bytes and copies, never a borrow.
//!
//! - `guard`: where panics stop
//! - `handles`: the table of objects that other languages hold by number
//! - `pump`: how a calling thread waits for a pull and serves its upcalls
//! - `jni`: the native methods of the Java class `internal.Native`
//! - [`c`]: the C API of `include/multicloudj_registry.h`
//!
//! The only place with `unsafe`, and within it only `jni` and [`c`]. Never here: a rule of pulling.

pub mod c;
mod guard;
mod handles;
mod jni;
mod pump;
#[cfg(test)]
mod tests;
