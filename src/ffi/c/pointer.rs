//! The only ways from a C pointer to a Rust value and back.
#![expect(unsafe_code, reason = "C passes raw pointers; what they must be is written in the header")]

use std::ffi::{CStr, CString, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::super::handles::{self, Held};
use crate::error::{Error, ErrorKind, Result};

/// Handles are multiples of this, so that none looks like an address in the first page, which some runtimes (Go's) take
/// for a corrupted pointer. Nobody dereferences them.
const STRIDE: usize = 4096;

/// Reads through `pointer`.
///
/// # Safety
/// `pointer` is NULL or came from [`boxed`] as a `T`, is not freed, and nobody writes to it during `'a`. The header
/// demands this of the C caller.
pub(super) unsafe fn borrow<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: the caller of this function keeps its contract, which is what `as_ref` asks for.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// Writes through `pointer`.
///
/// # Safety
/// `pointer` is NULL or came from [`boxed`] as a `T`, is not freed, and nobody else uses it during `'a`. The header
/// demands this of the C caller.
pub(super) unsafe fn borrow_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: the caller of this function keeps its contract, which is what `as_mut` asks for.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// Gives a value to C, which gives it back to [`free`].
pub(super) fn boxed<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Takes a value back from C and drops it.
///
/// # Safety
/// `pointer` is NULL or came from [`boxed`] as a `T` and has not been freed. The header demands this of the C caller.
pub(super) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: `boxed` made it with `Box::into_raw`, and by the contract above this is the first and only return.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// The place that an output goes to.
///
/// # Safety
/// `pointer` is NULL or valid for writing one pointer. The header demands this of the C caller.
pub(super) unsafe fn output<'a, T>(pointer: *mut *mut T, name: &str) -> Result<&'a mut *mut T> {
    // SAFETY: the contract above, but for one thing: C need not have initialised the place. A raw pointer has no invalid
    // bit patterns and is only written here.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// The text behind `pointer`.
///
/// # Safety
/// `pointer` is NULL or a string that ends with a NUL and does not change during `'a`. The header demands this of the C
/// caller.
pub(super) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: this function has the same contract.
    let bytes = unsafe { bytes(pointer, name) }?;
    // The error does not show the bytes: they may be a secret.
    std::str::from_utf8(bytes).map_err(|_| Error::invalid(format!("{name} is not UTF-8")))
}

/// The path behind `pointer`, in whatever encoding the file system has.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Result<&'a Path> {
    // SAFETY: this function has the same contract.
    Ok(Path::new(OsStr::from_bytes(unsafe { bytes(pointer, name) }?)))
}

/// # Safety
/// As for [`text`].
unsafe fn bytes<'a>(pointer: *const c_char, name: &str) -> Result<&'a [u8]> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and by the contract of `text` it ends with a NUL and lives long enough.
    Ok(unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// Keeps `held` in the table and gives its number in the shape of a pointer.
pub(super) fn handle<C>(held: impl Held) -> Result<*mut C> {
    let number = usize::try_from(handles::insert(held)).ok();
    number
        .and_then(|number| number.checked_mul(STRIDE))
        .map(std::ptr::without_provenance_mut)
        .ok_or_else(|| Error::new(ErrorKind::Internal, "out of handles"))
}

/// The number in a pointer from [`handle`]; 0, which is nobody's, for NULL and for what cannot be one.
fn number<C>(handle: *const C) -> u64 {
    let address = handle.addr();
    if address.is_multiple_of(STRIDE) { (address / STRIDE) as u64 } else { 0 }
}

/// The object behind a pointer from [`handle`].
pub(super) fn held<T: Held, C>(handle: *const C, name: &str) -> Result<T> {
    match number(handle) {
        0 if handle.is_null() => Err(null(name)),
        0 => Err(Error::invalid(format!("{name} is not a {}", T::NAME))),
        number => handles::get(number),
    }
}

/// Removes what [`handle`] has inserted; NULL and what is gone already are fine.
pub(super) fn forget<T: Held, C>(handle: *const C) -> Result<()> {
    match number(handle) {
        0 if handle.is_null() => Ok(()),
        0 => Err(Error::invalid(format!("the pointer is not a {}", T::NAME))),
        number => handles::remove::<T>(number),
    }
}

/// `text` as a C string. One that has a NUL in it (a manifest may say anything) is kept whole, with a sign in its place.
pub(super) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

fn null(name: &str) -> Error {
    Error::invalid(format!("{name} is NULL"))
}
