//! `mcjr_pull_image`.
#![expect(unsafe_code, reason = "C passes raw pointers; what they must be is written in the header")]

use std::ffi::{c_char, c_int};

use super::super::pump;
use super::client::mcjr_client;
use super::error::{mcjr_error, report};
use super::options::mcjr_options;
use super::pointer;
use super::progress::CFront;
use super::result::mcjr_result;

/// Pulls the image that `reference` names into a tar at `destination`, and returns when that is done.
///
/// `reference` is UTF-8, for example "docker.io/library/alpine:3.20"; `destination` is a path as the system has it, of
/// nothing or of a regular file. The archive appears whole or not at all; until it does, an existing file stays as it
/// is. `options` may be NULL.
///
/// Returns 0 and writes `*result`, or returns the kind and writes `*error` (unless `error` is NULL).
///
/// # Safety
/// `options` is NULL or options that have not been freed and that nobody changes during the call; `reference` and
/// `destination` are NULL or strings that end with a NUL; `result` and `error` are NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_pull_image(
    client: *const mcjr_client,
    reference: *const c_char,
    destination: *const c_char,
    options: *const mcjr_options,
    result: *mut *mut mcjr_result,
    error: *mut *mut mcjr_error,
) -> c_int {
    let body = || {
        // SAFETY: the contract of this function. The borrows end before the pull begins, but for `result`, which is
        // written once, at the end.
        let (reference, destination, options, place) = unsafe {
            (
                pointer::text(reference, "reference")?,
                pointer::path(destination, "destination")?,
                options.as_ref(),
                pointer::output(result, "result")?,
            )
        };
        let mut order = pump::Order {
            client: pointer::held(client, "client")?,
            reference: reference.into(),
            destination: destination.into(),
            options: Default::default(),
            cancel: None,
        };
        let mut listener = None;
        if let Some(options) = options {
            options.failed.check()?;
            order.options = options.options.clone();
            order.cancel.clone_from(&options.cancel);
            listener = options.listener;
        }
        let pulled = pump::run(order, &mut CFront::new(listener, reference))?;
        *place = pointer::boxed(mcjr_result::from(pulled));
        Ok(())
    };
    // SAFETY: the contract of this function.
    unsafe { report(error, body) }
}
