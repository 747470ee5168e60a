//! Credential requests: who answers, how often, and what becomes of one whose pull ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::pump::{Order, run};
use super::stage::{Outcome, Script, Stage, Stop, names, robot, wait_until};
use crate::error::ErrorKind;
use crate::pull::Pulled;
use crate::redact::Credential;

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

/// Gives the leader time to get stuck before its request is at the desk. Should the machine be too busy for that, it
/// answers the request itself, and the test shows nothing but does not fail.
const SLOW_REFUSAL: &str = "GET /v2/* denied delay=100";

/// Until the leader's request is at the desk.
fn wait_until_refused(stage: &Stage) {
    wait_until(|| stage.registry.count("GET", "/v2/*") >= 1);
    std::thread::sleep(Duration::from_millis(200));
}

#[test]
fn a_leader_stuck_in_its_listener_does_not_hold_the_others_up() {
    let stage = Stage::with_desk();
    stage.registry.fault(SLOW_REFUSAL);
    let (release, stuck) = channel::<()>();
    let asked = AtomicUsize::new(0);
    let supply = || {
        asked.fetch_add(1, Ordering::SeqCst);
        robot()
    };
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| pull_stuck_at_first_report(&stage, stuck, &supply));
        wait_until_refused(&stage);
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
    stage.registry.fault(SLOW_REFUSAL);
    let cancel = CancellationToken::new();
    let (release, stuck) = channel::<()>();
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| {
            let mut script = Script {
                progress: Box::new(move |_, _| {
                    let _ = stuck.recv_timeout(Duration::from_secs(20));
                    Ok(())
                }),
                credential: Box::new(robot),
                ..Script::default()
            };
            run(Order { cancel: Some(cancel.clone()), ..stage.order("leader.tar") }, &mut script).unwrap_err()
        });
        wait_until_refused(&stage);
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
fn many_pulls_of_one_client_share_answers() {
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
}
