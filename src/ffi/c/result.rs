//! `mcjr_result`: what a pull has brought.
#![expect(unsafe_code, reason = "C passes raw pointers; what they must be is written in the header")]

use std::ffi::{CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use super::error::get;
use super::pointer::{self, c_string};
use crate::pull::Pulled;

/// What a pull has brought. Free it with mcjr_result_free().
#[derive(Debug)]
pub struct mcjr_result {
    saved_path: CString,
    digest: CString,
    tag: Option<CString>,
    index_digest: Option<CString>,
    config_digest: CString,
    os: CString,
    architecture: CString,
    variant: Option<CString>,
    os_version: Option<CString>,
    os_features: Option<CString>,
    size: u64,
}

impl From<Pulled> for mcjr_result {
    fn from(pulled: Pulled) -> Self {
        let text = |text: &String| c_string(text);
        Self {
            // A path that was opened has no NUL.
            saved_path: CString::new(pulled.saved_path.as_os_str().as_bytes()).unwrap_or_default(),
            digest: c_string(pulled.digest.as_str()),
            tag: pulled.tag.as_ref().map(text),
            index_digest: pulled.index_digest.as_ref().map(|digest| c_string(digest.as_str())),
            config_digest: c_string(pulled.config_digest.as_str()),
            os: c_string(&pulled.platform.os),
            architecture: c_string(&pulled.platform.architecture),
            variant: pulled.platform.variant.as_ref().map(text),
            os_version: pulled.platform.os_version.as_ref().map(text),
            os_features: Some(pulled.platform.os_features.join(",")).filter(|all| !all.is_empty()).as_ref().map(text),
            size: pulled.size,
        }
    }
}

/// # Safety
/// `result` is NULL or a result that has not been freed.
unsafe fn text(result: *const mcjr_result, of: impl FnOnce(&mcjr_result) -> Option<&CString>) -> *const c_char {
    get(ptr::null(), || {
        // SAFETY: the contract of this function.
        let result = unsafe { pointer::borrow(result, "result") }?;
        Ok(of(result).map_or(ptr::null(), |text| text.as_ptr()))
    })
}

/// The archive's path, as `destination` named it. Like all texts of a result it belongs to the result; NULL for NULL.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_saved_path(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| Some(&result.saved_path)) }
}

/// The digest of the image manifest.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_digest(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| Some(&result.digest)) }
}

/// The reference's tag; NULL if it had none.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_tag(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| result.tag.as_ref()) }
}

/// The digest of the index that the reference named; NULL if it named an image.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_index_digest(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| result.index_digest.as_ref()) }
}

/// The digest of the image config, which is Docker's image ID.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_config_digest(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| Some(&result.config_digest)) }
}

/// The operating system of the image, for example "linux".
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_os(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| Some(&result.os)) }
}

/// The architecture of the image, for example "amd64".
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_architecture(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| Some(&result.architecture)) }
}

/// The variant of the architecture, for example "v8"; NULL if the image names none.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_variant(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| result.variant.as_ref()) }
}

/// The version of the operating system; NULL if the image names none.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_os_version(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| result.os_version.as_ref()) }
}

/// The features of the operating system that the image needs, separated by commas; NULL if it names none.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_os_features(result: *const mcjr_result) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { text(result, |result| result.os_features.as_ref()) }
}

/// The size of the archive in bytes; 0 for NULL.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_size(result: *const mcjr_result) -> u64 {
    // SAFETY: the contract of this function.
    get(0, || Ok(unsafe { pointer::borrow(result, "result") }?.size))
}

/// Frees a result and its texts. NULL is fine.
///
/// # Safety
/// `result` is NULL or a result that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcjr_result_free(result: *mut mcjr_result) {
    get((), || {
        // SAFETY: the contract of this function.
        unsafe { pointer::free(result) };
        Ok(())
    });
}
