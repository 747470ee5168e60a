//! The one tokio runtime of a loaded library.

use std::sync::Mutex;

use once_cell::sync::Lazy;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinError;

use crate::error::{Error, ErrorKind, Result};

static RUNTIME: Lazy<Mutex<Option<Runtime>>> = Lazy::new(Mutex::default);

/// Threads that may block: tokio's own default.
const BLOCKING_THREADS: usize = 512;
/// As many of them as transfers may have; the rest is for what is short: names to resolve, files to seal.
static TURNS: Semaphore = Semaphore::const_new(BLOCKING_THREADS - 64);

/// A turn on a thread that blocks for as long as a transfer takes; whoever has one is sure of its thread.
///
/// To be taken *before* a connection. The deadlock this prevents: hundreds of transfers have threads and wait for a
/// connection, while the connections belong to transfers that wait for a thread.
pub async fn blocking_turn() -> SemaphorePermit<'static> {
    TURNS.acquire().await.unwrap_or_else(|_| unreachable!("nobody closes it"))
}

/// Runs short `work` on a thread that may block: a file to seal, a hash to finish.
///
/// # Errors
/// Internal if `work` panicked.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(worker_died)
}

/// The error of a blocking thread that did not come back.
pub fn worker_died(why: JoinError) -> Error {
    Error::new(ErrorKind::Internal, "a worker thread died").with_cause(why)
}

/// The runtime, started at the first call. Its threads never keep a process alive: they are not joined at exit.
///
/// # Errors
/// Internal if the operating system gives no threads.
pub fn handle() -> Result<Handle> {
    let mut slot = RUNTIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(runtime) = &*slot {
        return Ok(runtime.handle().clone());
    }
    let runtime = Builder::new_multi_thread()
        // Bodies are read on these; hashing, inflating and writing happen on blocking threads.
        .worker_threads(std::thread::available_parallelism().map_or(2, |n| n.get().min(4)))
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("mcjr")
        .enable_io()
        .enable_time()
        .build()
        .map_err(|cause| Error::new(ErrorKind::Internal, "cannot start the runtime").with_cause(cause))?;
    let handle = runtime.handle().clone();
    *slot = Some(runtime);
    Ok(handle)
}

/// Stops the runtime without waiting for it: the class loader that loaded this library is gone.
pub fn shut_down() {
    let runtime = RUNTIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let Some(runtime) = runtime {
        runtime.shutdown_background();
    }
}
