//! `mcjr_error`: what went wrong, as a number and in words.
#![expect(unsafe_code, reason = "C passes raw pointers; what they must be is written in the header")]

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use super::super::guard::guard;
use super::pointer;
use crate::error::{Error, ErrorKind, Result};

/// What went wrong, as a number that never changes its meaning. Functions return it as `int`: a later version of the
/// library may return numbers that this header does not know.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum mcjr_kind {
    /// Nothing went wrong.
    Ok = 0,
    /// A reference, option, endpoint or destination breaks a rule, or a pointer is NULL that must not be.
    InvalidArgument = 1,
    /// The registry knows no such repository, manifest, blob or platform.
    NotFound = 2,
    /// Credentials were missing, refused, or not allowed to go where they were asked for.
    Unauthorized = 3,
    /// The registry asks to slow down (HTTP 429).
    RateLimited = 4,
    /// The destination's file system is full.
    DiskFull = 5,
    /// A connection or a transfer stood still for too long.
    DeadlineExceeded = 6,
    /// The registry holds something that is no image this library can pull.
    Unsupported = 7,
    /// The client or the cancellation was freed before the call.
    Closed = 8,
    /// The calling thread was interrupted; Java only.
    Interrupted = 9,
    /// The callback or the cancellation stopped the call.
    Cancelled = 10,
    /// Bytes do not match their digest or size.
    Integrity = 11,
    /// An answer does not follow the protocol.
    Malformed = 12,
    /// The registry could not be reached, cut the connection or answered with a server error.
    Unavailable = 13,
    /// A local file operation failed.
    Io = 14,
    /// A bug in this library.
    Internal = 15,
}

/// What went wrong. Free it with mcjr_error_free().
#[derive(Debug)]
pub struct mcjr_error {
    kind: ErrorKind,
    http_status: Option<u16>,
    message: CString,
    causes: Vec<CString>,
}

impl From<Error> for mcjr_error {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind(),
            http_status: error.http_status(),
            message: pointer::c_string(&error.to_string()),
            causes: error.causes().iter().map(|cause| pointer::c_string(cause)).collect(),
        }
    }
}

/// Runs `body` and makes what a C function returns of its outcome: 0, or the kind with the error in `*place`.
///
/// # Safety
/// `place` is NULL or valid for writing one pointer. The header demands this of the C caller.
pub(super) unsafe fn report(place: *mut *mut mcjr_error, body: impl FnOnce() -> Result<()>) -> c_int {
    let Err(error) = guard(body) else {
        return mcjr_kind::Ok as c_int;
    };
    let kind = error.kind().number();
    if !place.is_null() {
        // SAFETY: not NULL, and by the contract above valid for writing.
        unsafe { place.write(pointer::boxed(error.into())) };
    }
    kind
}

/// Runs the body of a getter; NULL, and a bug of ours, give `default`.
pub(super) fn get<T>(default: T, body: impl FnOnce() -> Result<T>) -> T {
    guard(body).unwrap_or(default)
}

/// The kind of the error, one of ::mcjr_kind; 0 for NULL.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_error_kind(error: *const mcjr_error) -> c_int {
    // SAFETY: the contract of this function.
    get(0, || Ok(unsafe { pointer::borrow(error, "error") }?.kind.number()))
}

/// What was done to what, and why it failed: one line of text in UTF-8 that belongs to the error; NULL for NULL.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_error_message(error: *const mcjr_error) -> *const c_char {
    // SAFETY: the contract of this function.
    get(ptr::null(), || Ok(unsafe { pointer::borrow(error, "error") }?.message.as_ptr()))
}

/// The HTTP status of the answer that led to the error, or 0.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_error_http_status(error: *const mcjr_error) -> c_int {
    // SAFETY: the contract of this function.
    get(0, || Ok(unsafe { pointer::borrow(error, "error") }?.http_status.map_or(0, c_int::from)))
}

/// How many causes the error has that its message does not mention.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_error_cause_count(error: *const mcjr_error) -> usize {
    // SAFETY: the contract of this function.
    get(0, || Ok(unsafe { pointer::borrow(error, "error") }?.causes.len()))
}

/// The text of one cause, nearest first; NULL if there are not so many. It belongs to the error.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_error_cause(error: *const mcjr_error, index: usize) -> *const c_char {
    get(ptr::null(), || {
        // SAFETY: the contract of this function.
        let error = unsafe { pointer::borrow(error, "error") }?;
        Ok(error.causes.get(index).map_or(ptr::null(), |cause| cause.as_ptr()))
    })
}

/// Frees an error and its texts. NULL is fine.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_error_free(error: *mut mcjr_error) {
    get((), || {
        // SAFETY: the contract of this function.
        unsafe { pointer::free(error) };
        Ok(())
    });
}
