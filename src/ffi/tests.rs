//! The boundary without a language behind it: handles, the panic guard, and pumps with a scripted front against the
//! embedded registry.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use self::support::{Image, Registry, big, gzip};
use super::pump::{Front, Order, run};
use super::{guard, handles};
use crate::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::pull::{LayerProgress, Pulled};
use crate::redact::{Credential, Secret};
use crate::settings::{PullOptions, Settings};

#[test]
fn handles_are_found_by_their_own_type_only() {
    let cancel = handles::insert(CancellationToken::new());
    handles::get::<CancellationToken>(cancel).unwrap();
    assert_eq!(handles::get::<Client>(cancel).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(handles::remove::<Client>(cancel).unwrap_err().kind(), ErrorKind::InvalidArgument);
    handles::get::<CancellationToken>(cancel).unwrap();
    handles::remove::<CancellationToken>(cancel).unwrap();
}

#[test]
fn stale_and_doubled_handles_are_errors_and_numbers_are_not_used_again() {
    let client = handles::insert(client(&[]));
    handles::remove::<Client>(client).unwrap();
    handles::remove::<Client>(client).unwrap();
    let error = handles::get::<Client>(client).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Closed, "the client is closed"));
    assert!(handles::insert(CancellationToken::new()) > client);
    for nobody in [0, u64::MAX] {
        assert_eq!(handles::get::<Client>(nobody).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn panics_become_errors_that_keep_the_text() {
    let text = |body: fn()| {
        let error = guard::guard(|| {
            body();
            Ok(())
        })
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        error.to_string()
    };
    assert_eq!(text(|| panic!("plain")), "bug in this library: plain");
    assert_eq!(text(|| panic!("number {}", 7)), "bug in this library: number 7");
    assert_eq!(text(|| std::panic::panic_any(PanicsInDrop)), "bug in this library: a panic without a text");
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("once more");
    }
}

/// What a scripted front stops a pull with.
#[derive(Debug)]
enum Stop {
    Engine(Error),
    Mine(&'static str),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl Stop {
    fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Engine(error) => Some(error.kind()),
            Self::Mine(_) => None,
        }
    }
}

type Outcome<T> = std::result::Result<T, Stop>;

type Listener<'a> = dyn FnMut(&[LayerProgress], bool) -> Outcome<()> + 'a;

/// A front of closures.
struct Script<'a> {
    poll: Box<dyn FnMut() -> Outcome<()> + 'a>,
    progress: Box<Listener<'a>>,
    credential: Box<dyn FnMut() -> Outcome<Option<Credential>> + 'a>,
}

impl Default for Script<'_> {
    fn default() -> Self {
        Self {
            poll: Box::new(|| Ok(())),
            progress: Box::new(|_, _| Ok(())),
            credential: Box::new(|| panic!("nobody should ask")),
        }
    }
}

impl Front for Script<'_> {
    type Failure = Stop;
    const REPORT_EVERY: Duration = Duration::from_millis(100);

    fn poll(&mut self) -> Outcome<()> {
        (self.poll)()
    }

    fn progress(&mut self, layers: &[LayerProgress], last: bool) -> Outcome<()> {
        (self.progress)(layers, last)
    }

    fn credential(&mut self) -> Outcome<Option<Credential>> {
        (self.credential)()
    }
}

/// Layers stand still for ever; the config, which is asked for before them, comes.
const STUCK: &str = "GET /v2/app/blobs/* after=1 stall=100";

/// A registry with image `app:v1`, a client of it, and a folder to pull into.
struct Stage {
    registry: Registry,
    client: Client,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let registry = Registry::start();
        let client = client(&[("endpoint", registry.url())]);
        Self::of(registry, client)
    }

    /// With a client whose credential comes from the fronts.
    fn with_desk() -> Self {
        let registry = Registry::builder().basic("robot", "hunter2").start();
        let client = client(&[("provider", "callback"), ("endpoint", registry.url())]);
        Self::of(registry, client)
    }

    fn of(registry: Registry, client: Client) -> Self {
        Image::new().layer(gzip(&[("a", b"alpha")])).layer(big(1_000_000)).push(&registry, "app", "v1");
        Self { registry, client, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn order(&self, name: &str) -> Order {
        Order {
            client: self.client.clone(),
            reference: "app:v1".into(),
            destination: self.file(name),
            options: PullOptions::default(),
            cancel: None,
        }
    }

    fn pull(&self, name: &str, script: &mut Script<'_>) -> Outcome<Pulled> {
        run(self.order(name), script)
    }
}

fn client(settings: &[(&str, &str)]) -> Client {
    let mut parsed = Settings::default();
    for (key, value) in settings {
        parsed.set(key, value).unwrap();
    }
    Client::new(&parsed).unwrap()
}

fn robot() -> Outcome<Option<Credential>> {
    Ok(Some(Credential { user: "robot".into(), secret: Secret::new("hunter2") }))
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn reports_come_on_the_calling_thread_and_the_last_one_is_complete() {
    let stage = Stage::new();
    let mut threads: Vec<ThreadId> = Vec::new();
    let mut last_reports = Vec::new();
    let pulled = stage
        .pull(
            "out.tar",
            &mut Script {
                progress: Box::new(|layers, last| {
                    threads.push(std::thread::current().id());
                    if last {
                        last_reports.push(layers.iter().map(|layer| (layer.done(), layer.size)).collect::<Vec<_>>());
                    }
                    Ok(())
                }),
                ..Script::default()
            },
        )
        .unwrap();
    assert_eq!(pulled.saved_path, stage.file("out.tar"));
    assert!(threads.iter().all(|thread| *thread == std::thread::current().id()));
    assert_eq!(last_reports.len(), 1);
    assert_eq!(last_reports[0].len(), 2);
    assert!(last_reports[0].iter().all(|(done, size)| done == size));
}

#[test]
fn reports_are_at_most_ten_a_second_and_a_slow_listener_delays_only_itself() {
    let stage = Stage::new();
    // 1 MB at 1 MB/s.
    stage.registry.fault("GET /v2/app/blobs/* trickle=20000/20");
    let started = Instant::now();
    let (mut reports, mut slept) = (0, false);
    stage
        .pull(
            "out.tar",
            &mut Script {
                progress: Box::new(|layers, _| {
                    reports += 1;
                    if !layers.is_empty() && !slept {
                        slept = true;
                        std::thread::sleep(Duration::from_millis(600));
                    }
                    Ok(())
                }),
                ..Script::default()
            },
        )
        .unwrap();
    let took = started.elapsed();
    let most = 3 + took.as_millis() / 100;
    assert!((2..=most).contains(&reports), "{reports} reports in {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn what_a_listener_throws_stops_the_pull_and_arrives() {
    let stage = Stage::new();
    stage.registry.fault(STUCK);
    let mut script = Script {
        progress: Box::new(|layers, _| if layers.is_empty() { Ok(()) } else { Err(Stop::Mine("thrown")) }),
        ..Script::default()
    };
    let stop = stage.pull("out.tar", &mut script).unwrap_err();
    assert!(matches!(stop, Stop::Mine("thrown")), "{stop:?}");
    assert_eq!(names(stage.folder.path()), [""; 0]);
}

#[test]
fn a_panicking_listener_leaves_no_pull_behind() {
    let stage = Stage::new();
    stage.registry.fault(STUCK);
    let mut script = Script {
        progress: Box::new(|layers, _| if layers.is_empty() { Ok(()) } else { panic!("in the listener") }),
        ..Script::default()
    };
    let pull = std::panic::AssertUnwindSafe(|| stage.pull("out.tar", &mut script).map(drop));
    std::panic::catch_unwind(pull).unwrap_err();
    wait_until(|| names(stage.folder.path()).is_empty());
}

#[test]
fn a_thread_that_was_interrupted_before_asks_the_registry_nothing() {
    let stage = Stage::new();
    let mut script = Script { poll: Box::new(|| Err(Stop::Mine("interrupted"))), ..Script::default() };
    assert!(matches!(stage.pull("out.tar", &mut script), Err(Stop::Mine("interrupted"))));
    assert_eq!(stage.registry.requests().len(), 0);
}

#[test]
fn an_interrupted_pull_is_gone_in_200_ms_and_its_file_with_it() {
    let stage = Stage::new();
    stage.registry.fault(STUCK);
    let interrupted = AtomicBool::new(false);
    let mut since = None;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_until(|| stage.registry.count("GET", "/v2/app/blobs/*") >= 2);
            interrupted.store(true, Ordering::SeqCst);
        });
        let mut script = Script {
            poll: Box::new(|| {
                if interrupted.load(Ordering::SeqCst) {
                    since.get_or_insert(Instant::now());
                    return Err(Stop::Mine("interrupted"));
                }
                Ok(())
            }),
            ..Script::default()
        };
        assert!(matches!(stage.pull("out.tar", &mut script), Err(Stop::Mine("interrupted"))));
    });
    let took = since.unwrap().elapsed();
    assert!(took < Duration::from_millis(200), "{took:?}");
    assert_eq!(names(stage.folder.path()), [""; 0]);
}

#[test]
fn a_token_stops_a_pull_before_and_during_it() {
    let stage = Stage::new();
    stage.registry.fault(STUCK);
    let cancel = CancellationToken::new();
    let order = || Order { cancel: Some(cancel.clone()), ..stage.order("out.tar") };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_until(|| stage.registry.count("GET", "/v2/app/blobs/*") >= 2);
            cancel.cancel();
        });
        assert_eq!(run(order(), &mut Script::default()).unwrap_err().kind(), Some(ErrorKind::Cancelled));
    });
    assert_eq!(names(stage.folder.path()), [""; 0]);
    let asked = stage.registry.requests().len();
    assert_eq!(run(order(), &mut Script::default()).unwrap_err().kind(), Some(ErrorKind::Cancelled));
    assert_eq!(stage.registry.requests().len(), asked);
}

#[test]
fn the_end_of_one_pull_does_not_trigger_the_callers_token() {
    let stage = Stage::new();
    let cancel = CancellationToken::new();
    for name in ["one.tar", "two.tar"] {
        run(Order { cancel: Some(cancel.clone()), ..stage.order(name) }, &mut Script::default()).unwrap();
    }
    assert!(!cancel.is_cancelled());
}

#[test]
fn the_credential_is_asked_for_once_per_pull() {
    let stage = Stage::with_desk();
    // Often, because asking twice was a race: the pull has its answer but has not woken up yet.
    for turn in 1..=20 {
        let mut asked = 0;
        let mut script = Script {
            credential: Box::new(|| {
                asked += 1;
                robot()
            }),
            ..Script::default()
        };
        stage.pull("out.tar", &mut script).unwrap();
        drop(script);
        assert_eq!(asked, 1, "pull {turn}");
    }
}

#[test]
fn a_leader_stuck_in_its_listener_does_not_hold_the_others_up() {
    let stage = Stage::with_desk();
    let (release, stuck) = channel::<()>();
    let asked = AtomicUsize::new(0);
    let supply = || {
        asked.fetch_add(1, Ordering::SeqCst);
        robot()
    };
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| pull_stuck_at_first_report(&stage, stuck, &supply));
        // Its request is at the desk once the registry has refused it.
        wait_until(|| stage.registry.count("GET", "/v2/*") >= 1);
        stage.pull("other.tar", &mut Script { credential: Box::new(supply), ..Script::default() }).unwrap();
        release.send(()).unwrap();
        leader.join().unwrap().unwrap();
    });
    assert!((1..=2).contains(&asked.load(Ordering::SeqCst)));
}

fn pull_stuck_at_first_report(
    stage: &Stage,
    stuck: Receiver<()>,
    supply: &dyn Fn() -> Outcome<Option<Credential>>,
) -> Outcome<Pulled> {
    let mut stuck = Some(stuck);
    let mut script = Script {
        progress: Box::new(move |_, _| {
            if let Some(stuck) = stuck.take() {
                stuck.recv_timeout(Duration::from_secs(20)).unwrap();
            }
            Ok(())
        }),
        credential: Box::new(supply),
        ..Script::default()
    };
    stage.pull("leader.tar", &mut script)
}

#[test]
fn a_request_whose_supplier_fails_goes_to_the_next_pull() {
    let stage = Stage::with_desk();
    let stage = &stage;
    let (started, asked) = channel();
    let (release, released) = channel::<()>();
    let turns = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| {
            let mut script = Script {
                credential: Box::new(move || {
                    started.send(()).unwrap();
                    released.recv_timeout(Duration::from_secs(20)).unwrap();
                    Err(Stop::Mine("no token today"))
                }),
                ..Script::default()
            };
            stage.pull("leader.tar", &mut script).unwrap_err()
        });
        asked.recv_timeout(Duration::from_secs(20)).unwrap();
        let turns = &turns;
        let other = scope.spawn(move || {
            let mut script = Script {
                poll: Box::new(|| {
                    turns.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }),
                credential: Box::new(robot),
                ..Script::default()
            };
            stage.pull("other.tar", &mut script).map(drop)
        });
        // Time enough for the other to come to the desk, and to keep off a request that is being answered.
        wait_until(|| turns.load(Ordering::SeqCst) >= 5);
        release.send(()).unwrap();
        assert!(matches!(leader.join().unwrap(), Stop::Mine("no token today")));
        other.join().unwrap().unwrap();
    });
}

#[test]
fn a_leader_that_is_cancelled_leaves_its_request_to_the_others() {
    let stage = Stage::with_desk();
    let cancel = CancellationToken::new();
    let (release, stuck) = channel::<()>();
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| {
            let mut script = Script {
                progress: Box::new(move |_, _| {
                    let _ = stuck.recv_timeout(Duration::from_secs(20));
                    Ok(())
                }),
                ..Script::default()
            };
            run(Order { cancel: Some(cancel.clone()), ..stage.order("leader.tar") }, &mut script).unwrap_err()
        });
        wait_until(|| stage.registry.count("GET", "/v2/*") >= 1);
        cancel.cancel();
        stage.pull("other.tar", &mut Script { credential: Box::new(robot), ..Script::default() }).unwrap();
        drop(release);
        assert_eq!(leader.join().unwrap().kind(), Some(ErrorKind::Cancelled));
    });
}

#[test]
fn a_supplier_that_comes_back_for_its_own_credential_is_told_so() {
    let stage = Stage::with_desk();
    let mut inner = None;
    let mut script = Script {
        credential: Box::new(|| {
            inner = Some(stage.pull("inner.tar", &mut Script::default()).unwrap_err());
            robot()
        }),
        ..Script::default()
    };
    stage.pull("outer.tar", &mut script).unwrap();
    drop(script);
    let inner = inner.unwrap();
    assert_eq!(inner.kind(), Some(ErrorKind::Closed), "{inner:?}");
    // And it may pull with another client, or with this one later.
    let other = Stage::new();
    let mut script = Script {
        credential: Box::new(|| {
            other.pull("inner.tar", &mut Script::default()).unwrap();
            robot()
        }),
        ..Script::default()
    };
    stage.pull("outer.tar", &mut script).unwrap();
}

#[test]
fn many_pulls_of_one_client_share_answers() -> Result<()> {
    let stage = Stage::with_desk();
    std::thread::scope(|scope| {
        let pulls: Vec<_> = (0..8)
            .map(|number| {
                let stage = &stage;
                scope.spawn(move || {
                    let mut script = Script { credential: Box::new(robot), ..Script::default() };
                    stage.pull(&format!("{number}.tar"), &mut script).map(drop)
                })
            })
            .collect();
        for pull in pulls {
            pull.join().unwrap().unwrap();
        }
    });
    assert_eq!(names(stage.folder.path()).len(), 8);
    Ok(())
}

fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not come to that in 20 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}
