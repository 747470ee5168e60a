//! `mcjr_options` and `mcjr_cancel`: what one pull is told, and the means to stop it.
#![expect(unsafe_code, reason = "C passes raw pointers; what they must be is written in the header")]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use tokio_util::sync::CancellationToken;

use super::client::Failed;
use super::error::{get, report};
use super::pointer;
use super::progress::{Listener, mcjr_progress_fn};
use crate::error::{ErrorKind, Result};
use crate::settings::PullOptions;

/// The options of pulls. Free it with mcjr_options_free().
#[derive(Debug, Default)]
pub struct mcjr_options {
    pub(super) options: PullOptions,
    pub(super) listener: Option<Listener>,
    pub(super) cancel: Option<CancellationToken>,
    pub(super) failed: Failed,
}

/// The means to stop pulls from another thread. Free it with mcjr_cancel_free().
#[derive(Debug)]
pub struct mcjr_cancel {
    /// A number in the shape of a pointer; there is nothing behind it.
    _opaque: [u8; 0],
}

/// Makes empty options.
#[unsafe(no_mangle)]
pub extern "C" fn mcjr_options_new() -> *mut mcjr_options {
    get(ptr::null_mut(), || Ok(pointer::boxed(mcjr_options::default())))
}

/// Sets one key, for example `mcjr_options_set(options, "platform", "linux/arm64")`.
/// The keys are listed in docs/settings.md; key and value are UTF-8 and copied.
///
/// Returns 0, or the kind of what is wrong with it. The first refusal is kept: mcjr_pull_image() then fails with its
/// text, so a caller may set many keys and look once.
///
/// # Safety
/// `options` is NULL or options that have not been freed and that no other thread uses; `key` and `value` are NULL or
/// strings that end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_options_set(
    options: *mut mcjr_options,
    key: *const c_char,
    value: *const c_char,
) -> c_int {
    // SAFETY: the contract of this function.
    unsafe {
        change(options, |options| {
            // SAFETY: the contract of this function.
            let (key, value) = (pointer::text(key, "key")?, pointer::text(value, "value")?);
            options.options.set(key, value)
        })
    }
}

/// Sets the callback that progress is reported to; NULL for none.
///
/// Returns 0, or ::MCJR_KIND_INVALID_ARGUMENT if `options` is NULL.
///
/// # Safety
/// `options` is NULL or options that have not been freed and that no other thread uses; `callback` can be called with
/// `userdata` on every thread that pulls with the options, for as long as such a pull runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_options_set_progress(
    options: *mut mcjr_options,
    callback: mcjr_progress_fn,
    userdata: *mut c_void,
) -> c_int {
    // SAFETY: the contract of this function.
    unsafe {
        change(options, |options| {
            options.listener = callback.map(|callback| Listener { callback, userdata });
            Ok(())
        })
    }
}

/// Lets `cancel` stop the pulls that are made with the options; NULL for none. The options keep what they need:
/// `cancel` may be freed before they are.
///
/// Returns 0, or the kind of what is wrong with it, kept as by mcjr_options_set().
///
/// # Safety
/// `options` is NULL or options that have not been freed and that no other thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_options_set_cancel(options: *mut mcjr_options, cancel: *const mcjr_cancel) -> c_int {
    // SAFETY: the contract of this function.
    unsafe {
        change(options, |options| {
            options.cancel = if cancel.is_null() { None } else { Some(pointer::held(cancel, "cancel")?) };
            Ok(())
        })
    }
}

/// # Safety
/// As for [`mcjr_options_set_cancel`].
unsafe fn change(options: *mut mcjr_options, set: impl FnOnce(&mut mcjr_options) -> Result<()>) -> c_int {
    let body = || {
        // SAFETY: the contract of this function.
        let options = unsafe { pointer::borrow_mut(options, "options") }?;
        let outcome = set(options);
        options.failed.keep(outcome)
    };
    // SAFETY: NULL is no place to write to.
    unsafe { report(ptr::null_mut(), body) }
}

/// Frees options. NULL is fine.
///
/// # Safety
/// `options` is NULL or options that have not been freed and that no other thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_options_free(options: *mut mcjr_options) {
    get((), || {
        // SAFETY: the contract of this function.
        unsafe { pointer::free(options) };
        Ok(())
    });
}

/// Makes a cancellation that has not been triggered.
#[unsafe(no_mangle)]
pub extern "C" fn mcjr_cancel_new() -> *mut mcjr_cancel {
    get(ptr::null_mut(), || pointer::handle(CancellationToken::new()))
}

/// Stops every pull that was given the cancellation, those that are made later too; from any thread, but not from a
/// signal handler. Never waits: the pulls return ::MCJR_KIND_CANCELLED a moment later.
///
/// Returns 0, also if it was triggered or freed before, or ::MCJR_KIND_INVALID_ARGUMENT if `cancel` is NULL or something
/// else.
#[unsafe(no_mangle)]
pub extern "C" fn mcjr_cancel_trigger(cancel: *const mcjr_cancel) -> c_int {
    let body = || match pointer::held::<CancellationToken, _>(cancel, "cancel") {
        Ok(token) => {
            token.cancel();
            Ok(())
        }
        // The pull has ended and its cancellation with it: too late, which is no mistake of the caller's.
        Err(error) if error.kind() == ErrorKind::Closed => Ok(()),
        Err(error) => Err(error),
    };
    // SAFETY: NULL is no place to write to.
    unsafe { report(ptr::null_mut(), body) }
}

/// Frees a cancellation, from any thread and at any time; triggers nothing. NULL is fine, and so is a cancellation that
/// was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn mcjr_cancel_free(cancel: *mut mcjr_cancel) {
    get((), || pointer::forget::<CancellationToken, _>(cancel));
}
