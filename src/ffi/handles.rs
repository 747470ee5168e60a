//! The objects that other languages hold, by number.
//!
//! The race this prevents: one thread closes a client while another is about to pull with it. With a pointer the
//! second would read freed memory, and a lock that makes `close` wait for the pull would block it for minutes. Here a
//! caller holds a number; a call looks it up and takes a clone (every object is an `Arc` inside), so closing removes
//! the number, never waits, and never frees what a call in flight uses. Numbers are never given out twice: a stale or
//! doubled one is an error, and cannot hit somebody else's object.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use once_cell::sync::Lazy;
use tokio_util::sync::CancellationToken;

use crate::Client;
use crate::error::{Error, ErrorKind, Result};

static OBJECTS: Lazy<Mutex<HashMap<u64, Object>>> = Lazy::new(Mutex::default);
/// The next number; 0 is no object in any language.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What a number stands for.
pub(super) enum Object {
    Client(Client),
    Cancel(CancellationToken),
}

/// A type that the table holds.
pub(super) trait Held: Clone {
    /// What the type is called in messages.
    const NAME: &'static str;
    fn into_object(self) -> Object;
    fn of(object: &Object) -> Option<&Self>;
}

impl Held for Client {
    const NAME: &'static str = "client";

    fn into_object(self) -> Object {
        Object::Client(self)
    }

    fn of(object: &Object) -> Option<&Self> {
        match object {
            Object::Client(client) => Some(client),
            Object::Cancel(_) => None,
        }
    }
}

impl Held for CancellationToken {
    const NAME: &'static str = "cancellation";

    fn into_object(self) -> Object {
        Object::Cancel(self)
    }

    fn of(object: &Object) -> Option<&Self> {
        match object {
            Object::Cancel(cancel) => Some(cancel),
            Object::Client(_) => None,
        }
    }
}

/// Keeps `held` and gives the number it is known by.
pub(super) fn insert(held: impl Held) -> u64 {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    objects().insert(number, held.into_object());
    number
}

/// The object behind `number`, for the length of a call.
///
/// # Errors
/// Closed if it was removed, InvalidArgument if `number` is another object's or nobody's.
pub(super) fn get<T: Held>(number: u64) -> Result<T> {
    match objects().get(&number) {
        Some(object) => T::of(object).cloned().ok_or_else(|| wrong::<T>(number)),
        None if (1..NEXT.load(Ordering::Relaxed)).contains(&number) => {
            Err(Error::new(ErrorKind::Closed, format!("the {} is closed", T::NAME)))
        }
        None => Err(wrong::<T>(number)),
    }
}

/// Forgets `number`. Removing it again does nothing.
///
/// # Errors
/// InvalidArgument if `number` is another object's.
pub(super) fn remove<T: Held>(number: u64) -> Result<()> {
    let mut objects = objects();
    let removed = match objects.get(&number) {
        Some(object) if T::of(object).is_none() => return Err(wrong::<T>(number)),
        _ => objects.remove(&number),
    };
    // First the lock: what the object drops in turn may take its time.
    drop(objects);
    drop(removed);
    Ok(())
}

/// How many objects there are; a test that ends with more than it began with has leaked one.
pub(super) fn live() -> usize {
    objects().len()
}

fn wrong<T: Held>(number: u64) -> Error {
    Error::invalid(format!("{number} is not the handle of a {}", T::NAME))
}

fn objects() -> MutexGuard<'static, HashMap<u64, Object>> {
    // Each use of the map is one call: a panic elsewhere cannot leave it half changed.
    OBJECTS.lock().unwrap_or_else(PoisonError::into_inner)
}
