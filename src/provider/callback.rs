//! Credentials that a caller supplies when asked: a provider written in Java.
//!
//! The engine must never call into Java from its own threads: upcalls happen on the thread that called `pull`, in its
//! pump. So a pull that needs a credential leaves a request at the client's [`Desk`], rings its pump's bell and waits;
//! *any* pump whose pull waits may [`claim`](Desk::claim) the request and answer it. The race this prevents: two pulls
//! wait for one credential, and the one that asked first is stuck in its listener, interrupted or cancelled. A request
//! that belonged to a pull would be stuck with it; here the next pump takes it, and when nobody waits it is gone.

use std::sync::Mutex;

use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::redact::Credential;
use crate::session::Session;

/// Where pulls of one client wait for a credential and pumps answer.
#[derive(Debug)]
pub struct Desk {
    state: Mutex<State>,
    /// The newest answer's number; waiting pulls watch it.
    answered: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    /// How many answers there have been.
    generation: u64,
    credential: Option<Credential>,
    being_answered: bool,
}

/// An answered credential and the number of its answer, which tells it from the ones before.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Counts answers; a pull that was refused asks for a later one.
    pub generation: u64,
    /// `None` means anonymous.
    pub credential: Option<Credential>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { state: Mutex::default(), answered: watch::Sender::new(0) }
    }
}

impl Desk {
    /// How many answers there have been; pass it to `wait` to get one that is not older than this moment.
    pub fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Waits for an answer later than `after`.
    ///
    /// Dropping the future (the pull was cancelled) takes the request back.
    pub(crate) async fn wait(&self, session: &Session, after: u64) -> Result<Answer> {
        let mut answered = self.answered.subscribe();
        let _waiting = session.waiting_for_credential(after);
        loop {
            {
                let state = self.lock();
                if state.generation > after {
                    return Ok(Answer { generation: state.generation, credential: state.credential.clone() });
                }
            }
            session.ring();
            if answered.changed().await.is_err() {
                return Err(Error::new(crate::ErrorKind::Closed, "the client is gone"));
            }
        }
    }

    /// For a pump: takes the request if `session` waits for one and nobody else is answering.
    ///
    /// No lock is held after this returns, so the upcall may come back into the library.
    pub fn claim(&self, session: &Session) -> Option<Claim<'_>> {
        let mut state = self.lock();
        if state.being_answered || !session.waits_for_credential(state.generation) {
            return None;
        }
        state.being_answered = true;
        Some(Claim { desk: self })
    }

    /// Whether `session` waits for an answer that has not been given yet, whoever may be about to give it.
    pub fn is_awaited_by(&self, session: &Session) -> bool {
        session.waits_for_credential(self.generation())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is three plain fields, consistent after each statement: a panic elsewhere cannot tear it.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The right to answer one request; dropping it unanswered gives the request to the next pump.
#[derive(Debug)]
pub struct Claim<'a> {
    desk: &'a Desk,
}

impl Claim<'_> {
    /// Gives the credential (`None`: anonymous) to every pull that waits.
    pub fn answer(self, credential: Option<Credential>) {
        let generation = {
            let mut state = self.desk.lock();
            state.generation += 1;
            state.credential = credential;
            state.generation
        };
        self.desk.answered.send_replace(generation);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.desk.lock().being_answered = false;
    }
}
