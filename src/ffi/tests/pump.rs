//! Progress, interruption and cancellation.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::super::pump::{Order, run};
use super::stage::{STUCK, Script, Stage, Stop, names, wait_until};
use crate::error::ErrorKind;

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
fn an_interruption_that_comes_after_the_rename_is_too_late() {
    let stage = Stage::new();
    let mut polls = 0;
    let pulled = stage
        .pull(
            "out.tar",
            &mut Script {
                poll: Box::new(|| {
                    polls += 1;
                    if polls == 1 {
                        return Ok(());
                    }
                    wait_until(|| stage.file("out.tar").exists());
                    Err(Stop::Mine("interrupted"))
                }),
                ..Script::default()
            },
        )
        .unwrap();
    assert_eq!(pulled.size, stage.file("out.tar").metadata().unwrap().len());
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
