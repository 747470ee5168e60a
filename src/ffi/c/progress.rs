//! Progress as C sees it, and the front of the pump that reports it.
#![expect(unsafe_code, reason = "calls a function that C has passed")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::time::Duration;

use super::super::pump::Front;
use super::pointer;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Credential;
use crate::session::LayerProgress;

/// How far one layer is.
#[repr(C)]
#[derive(Debug)]
pub struct mcjr_layer_progress {
    /// The layer's digest, for example "sha256:4f53..."; valid until the callback returns.
    pub digest: *const c_char,
    /// Bytes received so far.
    pub done: u64,
    /// Bytes there are.
    pub total: u64,
}

/// How far a pull is; valid until the callback returns.
#[repr(C)]
#[derive(Debug)]
pub struct mcjr_progress {
    /// Bytes received of all layers.
    pub done: u64,
    /// Bytes of all layers; 0 until they are known.
    pub total: u64,
    /// The distinct layers, in the order of the manifest; NULL until they are known.
    pub layers: *const mcjr_layer_progress,
    /// How many layers there are.
    pub layer_count: usize,
}

/// Reports progress, on the thread that called mcjr_pull_image(), at least every 100 ms while that call runs (as far as
/// the system gives it the processor), and once more after the archive is in place.
///
/// `userdata` is what was passed with the callback. Return 0 to go on, anything else to stop the pull with
/// ::MCJR_KIND_CANCELLED; after the last report it is too late, and the answer is ignored. The callback may call this
/// library. It must not leave by longjmp() or an exception.
pub type mcjr_progress_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, progress: *const mcjr_progress) -> c_int>;

/// A callback and its first argument.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listener {
    pub(super) callback: unsafe extern "C" fn(*mut c_void, *const mcjr_progress) -> c_int,
    pub(super) userdata: *mut c_void,
}

/// The C caller of a pull. Not `Send`, because `userdata` is not: it never leaves the calling thread.
pub(super) struct CFront {
    listener: Option<Listener>,
    reference: String,
    /// The digests as C strings, once there are layers.
    digests: Vec<CString>,
}

impl CFront {
    pub(super) fn new(listener: Option<Listener>, reference: &str) -> Self {
        Self { listener, reference: reference.into(), digests: Vec::new() }
    }
}

impl Front for CFront {
    type Failure = Error;
    /// A little more often than promised: the system may be late.
    const REPORT_EVERY: Duration = Duration::from_millis(75);

    fn poll(&mut self) -> Result<()> {
        Ok(())
    }

    fn progress(&mut self, layers: &[LayerProgress], last: bool) -> Result<()> {
        let Some(listener) = self.listener else {
            return Ok(());
        };
        if self.digests.len() != layers.len() {
            self.digests = layers.iter().map(|layer| pointer::c_string(layer.digest.as_str())).collect();
        }
        let rows: Vec<mcjr_layer_progress> = layers
            .iter()
            .zip(&self.digests)
            .map(|(layer, digest)| mcjr_layer_progress {
                digest: digest.as_ptr(),
                done: layer.done(),
                total: layer.size,
            })
            .collect();
        let progress = mcjr_progress {
            done: rows.iter().map(|row| row.done).sum(),
            total: rows.iter().map(|row| row.total).sum(),
            layers: if rows.is_empty() { std::ptr::null() } else { rows.as_ptr() },
            layer_count: rows.len(),
        };
        // SAFETY: the caller of mcjr_options_set_progress promised a function of this type that may be called with this
        // `userdata` on the thread that pulls, which is this one; what `progress` points to lives until it returns.
        let answer = unsafe { (listener.callback)(listener.userdata, &raw const progress) };
        if answer == 0 || last {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Cancelled, format!("the progress callback returned {answer}"))
            .context(format_args!("pull {}", self.reference)))
    }

    fn credential(&mut self) -> Result<Option<Credential>> {
        Err(Error::new(ErrorKind::Internal, "a C client has no credential supplier"))
    }
}
