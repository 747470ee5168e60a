//! Where panics stop: one guard per way into the library.
//!
//! Unwinding out of an `extern` function ends the process, so every one of them is a shell around [`guard`] (JNI's own
//! shell is `EnvUnowned::with_env`) and every pull runs inside one on the runtime. The text of the panic is kept:
//! it is all that a bug report from a user of another language will have.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, ErrorKind, Result};

/// Runs `body`; a panic becomes an internal error.
pub(super) fn guard<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    // Unwind safe: what the bodies share are locked tables and atomics, whole after each statement.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| Err(panicked(payload)))
}

/// The error of a panic that was caught.
pub(super) fn panicked(payload: Box<dyn Any + Send>) -> Error {
    // `panic!("text")` carries a &str, `panic!("{x}")` a String.
    let text = match payload.downcast::<&'static str>() {
        Ok(text) => text.to_string(),
        Err(payload) => match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => {
                // A payload of another type may panic once more when it is dropped; nobody would catch that.
                std::mem::forget(payload);
                "a panic without a text".into()
            }
        },
    };
    Error::new(ErrorKind::Internal, format!("bug in this library: {text}"))
}
