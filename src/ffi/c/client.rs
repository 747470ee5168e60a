//! `mcjr_config` and `mcjr_client`: what a client is made of, and the client.
#![expect(unsafe_code, reason = "C passes raw pointers; what they must be is written in the header")]

use std::ffi::{c_char, c_int};
use std::ptr;

use super::super::handles;
use super::error::{get, mcjr_error, report};
use super::pointer;
use crate::Client;
use crate::error::{Error, Result};
use crate::settings::Settings;

/// The settings of a client to be made. Free it with mcjr_config_free().
#[derive(Debug, Default)]
pub struct mcjr_config {
    settings: Settings,
    failed: Failed,
}

/// A client: connections, tokens and the settings it was made with. Free it with mcjr_client_free().
#[derive(Debug)]
pub struct mcjr_client {
    /// A number in the shape of a pointer; there is nothing behind it.
    _opaque: [u8; 0],
}

/// The first key of several that was refused, so that callers may look once, at the end.
#[derive(Debug, Default)]
pub(super) struct Failed(Option<Error>);

impl Failed {
    /// Keeps the first error.
    pub(super) fn keep(&mut self, outcome: Result<()>) -> Result<()> {
        let Err(error) = outcome else {
            return Ok(());
        };
        let copy = copy(&error);
        self.0.get_or_insert(error);
        Err(copy)
    }

    pub(super) fn check(&self) -> Result<()> {
        self.0.as_ref().map_or(Ok(()), |error| Err(copy(error)))
    }
}

/// Refused settings have kind and text, nothing else.
fn copy(error: &Error) -> Error {
    Error::new(error.kind(), error.to_string())
}

/// The version of this library, for example "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn mcjr_version() -> *const c_char {
    const { concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast() }
}

/// How many clients and cancellations there are that have not been freed, for tests that look for leaks. (Checkers like
/// ASan cannot see them: the library keeps them in a table.)
#[unsafe(no_mangle)]
pub extern "C" fn mcjr_live_handles() -> usize {
    get(0, || Ok(handles::live()))
}

/// Makes an empty configuration; it serves for any registry, anonymously.
#[unsafe(no_mangle)]
pub extern "C" fn mcjr_config_new() -> *mut mcjr_config {
    get(ptr::null_mut(), || Ok(pointer::boxed(mcjr_config::default())))
}

/// Sets one key, for example `mcjr_config_set(config, "endpoint", "https://registry.example.com")`.
/// The keys are listed in docs/settings.md; key and value are UTF-8 and copied.
///
/// Returns 0, or the kind of what is wrong with it. The first refusal is kept: mcjr_client_new() then fails with its
/// text, so a caller may set many keys and look once.
///
/// # Safety
/// `config` is NULL or a configuration that has not been freed and that no other thread uses; `key` and `value` are NULL
/// or strings that end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_config_set(config: *mut mcjr_config, key: *const c_char, value: *const c_char) -> c_int {
    let body = || {
        // SAFETY: the contract of this function.
        let (config, key, value) = unsafe {
            (pointer::borrow_mut(config, "config")?, pointer::text(key, "key"), pointer::text(value, "value"))
        };
        let outcome = key.and_then(|key| config.settings.set(key, value?));
        config.failed.keep(outcome)
    };
    // SAFETY: NULL is no place to write to.
    unsafe { report(ptr::null_mut(), body) }
}

/// Frees a configuration. NULL is fine; clients made of it stay.
///
/// # Safety
/// `config` is NULL or a configuration that has not been freed and that no other thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_config_free(config: *mut mcjr_config) {
    get((), || {
        // SAFETY: the contract of this function.
        unsafe { pointer::free(config) };
        Ok(())
    });
}

/// Makes a client of a configuration, which is copied. Reads the certificates it names, and of the environment what it
/// leaves open (HTTPS_PROXY and NO_PROXY, see docs/network.md); no network.
///
/// Returns 0 and writes `*client`, or returns the kind and writes `*error` (unless `error` is NULL).
///
/// # Safety
/// `config` is NULL or a configuration that has not been freed and that no other thread changes; `client` and `error` are
/// NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_client_new(
    config: *const mcjr_config,
    client: *mut *mut mcjr_client,
    error: *mut *mut mcjr_error,
) -> c_int {
    let body = || {
        // SAFETY: the contract of this function.
        let (config, place) = unsafe { (pointer::borrow(config, "config")?, pointer::output(client, "client")?) };
        config.failed.check()?;
        let mut settings = config.settings.clone();
        settings.inherit(|name| std::env::var(name).ok());
        let client = Client::new(&settings)?;
        if client.desk().is_some() {
            return Err(Error::invalid(
                "provider \"callback\" is Java's: in C there is nobody to ask for a credential",
            ));
        }
        *place = pointer::handle(client)?;
        Ok(())
    };
    // SAFETY: the contract of this function.
    unsafe { report(error, body) }
}

/// Frees a client, from any thread and at any time; never waits. Pulls that have begun run to their end, later ones
/// fail with ::MCJR_KIND_CLOSED. NULL is fine, and so is a client that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn mcjr_client_free(client: *mut mcjr_client) {
    get((), || pointer::forget::<Client, _>(client));
}
