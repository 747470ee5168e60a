//! The event pump: how a thread of another language waits for a pull.
//!
//! The pull runs on the runtime; the *calling* thread stays here until it has ended and turns to whatever comes up:
//! progress to report, a credential to supply, an interruption or a cancellation to notice. Upcalls on the caller's own
//! thread were chosen over upcalls from the runtime's: in Java they need no attached threads (which may keep an exiting
//! JVM open), see the right class loader, and what they throw has somewhere to go. A listener that is slow delays only
//! its own reports: the pull never waits for it, and it gets the newest state, not a queue of old ones.
//!
//! The race this prevents: a caller gives up (its thread is interrupted, its listener throws) while the pull still
//! writes. Every way out of [`run`] cancels the pull first and then waits, but not for long, until it has ended, so that
//! no temporary file is left beside the destination when the call returns.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::guard;
use crate::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::callback::Desk;
use crate::pull::Pulled;
use crate::redact::Credential;
use crate::runtime;
use crate::session::{LayerProgress, Session};
use crate::settings::PullOptions;

/// The longest the pump sleeps: with [`GRACE`] it keeps the promise to be gone 200 ms after an interruption.
const TURN: Duration = Duration::from_millis(50);
/// How long a stopped pull may take to clean up before the call returns without it.
const GRACE: Duration = Duration::from_millis(150);

/// The language that waits.
pub(super) trait Front {
    /// What stops a pull from this side: an error of ours, or something the language throws.
    type Failure: From<Error>;
    /// The time between two reports of progress.
    const REPORT_EVERY: Duration;

    /// Looks whether the calling thread was asked to stop; called before the start and then every turn.
    fn poll(&mut self) -> std::result::Result<(), Self::Failure>;

    /// Told that the pull had succeeded before what `poll` failed with could stop it: the call returns its result.
    fn too_late(&mut self) {}

    /// Reports how far the layers are (none before they are known). `last` is the report after a successful end.
    fn progress(&mut self, layers: &[LayerProgress], last: bool) -> std::result::Result<(), Self::Failure>;

    /// Supplies the credential (`None`: anonymous).
    fn credential(&mut self) -> std::result::Result<Option<Credential>, Self::Failure>;
}

/// A pull to be run. It owns all it needs: nothing that belongs to the caller crosses to the runtime.
pub(super) struct Order {
    pub(super) client: Client,
    pub(super) reference: String,
    pub(super) destination: PathBuf,
    pub(super) options: PullOptions,
    /// The caller's means to stop it from another thread.
    pub(super) cancel: Option<CancellationToken>,
}

/// Runs the pull and serves `front` until it has ended.
pub(super) fn run<F: Front>(order: Order, front: &mut F) -> std::result::Result<Pulled, F::Failure> {
    // A child: the caller may use its own token for several pulls, and this one stopping must not stop them.
    let cancel = order.cancel.as_ref().map_or_else(CancellationToken::new, CancellationToken::child_token);
    let (session, bell) = Session::new(cancel);
    // Covers the way out that nobody writes down: a panic.
    let _stop = session.cancel().clone().drop_guard();
    front.poll()?;
    if session.cancel().is_cancelled() {
        return Err(cancelled(&order.reference).into());
    }
    let (client, reference) = (order.client.clone(), order.reference.clone());
    let outcome = start(order, Arc::clone(&session))?;
    let mut pump = Pump { client: &client, session: &session, bell: &bell, reported: None, report_due: Instant::now() };
    match pump.turn_until_ended(&outcome, front) {
        Err(stopped) => {
            session.cancel().cancel();
            let ended = outcome.recv_timeout(GRACE);
            match stopped {
                Stopped::Front(failure) => Err(failure),
                // The target is replaced already: to fail now would tell the caller that its old file is still there.
                Stopped::Poll(failure) => match ended {
                    Ok(Ok(pulled)) => {
                        front.too_late();
                        Ok(pulled)
                    }
                    _ => Err(failure),
                },
                // The engine's own word if it comes: it may have finished just before it was told to stop.
                Stopped::Token => ended.unwrap_or_else(|_| Err(cancelled(&reference))).map_err(Into::into),
            }
        }
        Ok(ended) => {
            let pulled = ended?;
            front.progress(session.layers(), true)?;
            Ok(pulled)
        }
    }
}

/// Starts the pull on the runtime; what it ends with arrives in the receiver.
fn start(order: Order, session: Arc<Session>) -> Result<Receiver<Result<Pulled>>> {
    // One slot for one message: sending never blocks, though the receiver may be gone.
    let (ended, outcome) = sync_channel(1);
    runtime::handle()?.spawn(async move {
        let pull = order.client.pull(&order.reference, &order.destination, &order.options, &session);
        let end = AssertUnwindSafe(pull).catch_unwind().await.unwrap_or_else(|panic| Err(guard::panicked(panic)));
        let _ = ended.send(end);
        session.ring();
    });
    Ok(outcome)
}

struct Pump<'a> {
    client: &'a Client,
    session: &'a Session,
    bell: &'a Receiver<()>,
    /// How many layers the last report had; `None` before the first.
    reported: Option<usize>,
    report_due: Instant,
}

/// Who ended the pull before it ended by itself.
enum Stopped<Failure> {
    Front(Failure),
    Poll(Failure),
    Token,
}

impl Pump<'_> {
    fn turn_until_ended<F: Front>(
        &mut self,
        outcome: &Receiver<Result<Pulled>>,
        front: &mut F,
    ) -> std::result::Result<Result<Pulled>, Stopped<F::Failure>> {
        loop {
            match outcome.try_recv() {
                Ok(ended) => return Ok(ended),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => {
                    return Ok(Err(Error::new(ErrorKind::Internal, "the runtime was shut down during the pull")));
                }
            }
            front.poll().map_err(Stopped::Poll)?;
            if self.session.cancel().is_cancelled() {
                return Err(Stopped::Token);
            }
            self.supply_credential(front).map_err(Stopped::Front)?;
            self.report(front).map_err(Stopped::Front)?;
            let rest = self.report_due.saturating_duration_since(Instant::now());
            // Nothing to do with the answer: bell or time, the next turn looks at everything.
            let _ = self.bell.recv_timeout(rest.min(TURN));
        }
    }

    fn supply_credential<F: Front>(&self, front: &mut F) -> std::result::Result<(), F::Failure> {
        let Some(desk) = self.client.desk().filter(|desk| desk.is_awaited_by(self.session)) else {
            return Ok(());
        };
        if Answering::is_on_this_thread(desk) {
            return Err(Error::new(
                ErrorKind::Closed,
                "the credential supplier called back into a pull that needs the credential it is asked for",
            )
            .into());
        }
        // None: another pull's pump is at it.
        if let Some(claim) = desk.claim(self.session) {
            let _answering = Answering::begin(desk);
            // A failure drops the claim, and the next pump that waits may take it.
            claim.answer(front.credential()?);
        }
        Ok(())
    }

    fn report<F: Front>(&mut self, front: &mut F) -> std::result::Result<(), F::Failure> {
        let layers = self.session.layers();
        // The layers becoming known is news that does not wait for its turn.
        if Instant::now() < self.report_due && self.reported == Some(layers.len()) {
            return Ok(());
        }
        self.reported = Some(layers.len());
        front.progress(layers, false)?;
        // Counted from the end of the upcall: a slow listener is not called without a pause.
        self.report_due = Instant::now() + F::REPORT_EVERY;
        Ok(())
    }
}

fn cancelled(reference: &str) -> Error {
    Error::new(ErrorKind::Cancelled, "cancelled by the caller").context(format_args!("pull {reference}"))
}

thread_local! {
    /// The desks (by address) whose requests this thread is answering right now, innermost last.
    static ANSWERING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Marks this thread as one that answers at a desk.
///
/// The deadlock this prevents: a supplier comes back into a pull of the same client. That pull waits for the very
/// answer its own thread is about to give; no other pump may take the request, so it would wait for ever.
struct Answering;

impl Answering {
    fn begin(desk: &Desk) -> Self {
        ANSWERING.with_borrow_mut(|desks| desks.push(std::ptr::from_ref(desk).addr()));
        Self
    }

    fn is_on_this_thread(desk: &Desk) -> bool {
        // The address names the desk for as long as it is in the list: the pull that is answered keeps it alive.
        ANSWERING.with_borrow(|desks| desks.contains(&std::ptr::from_ref(desk).addr()))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        ANSWERING.with_borrow_mut(|desks| desks.pop());
    }
}
