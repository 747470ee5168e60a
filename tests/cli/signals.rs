//! Ctrl-C: the exit code says so, at once, and nothing is left.

use std::time::{Duration, Instant};

use multicloudj_registry::ErrorKind::Cancelled;

use crate::command::{Mcjr, push};
use crate::support::Registry;

/// Starts a pull that comes to a layer and no further, sends it a signal there, and tells how long the end took.
fn interrupted(registry: &Registry, pull: Mcjr, signal: &str) -> (crate::command::Ended, Duration) {
    registry.reset();
    registry.fault("GET /v2/app/blobs/* after=1 stall=3");
    let started = pull.start();
    while registry.count("GET", "/v2/app/blobs/*") < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    started.signal(signal);
    let sent = Instant::now();
    let ended = started.end();
    (ended, sent.elapsed())
}

#[test]
fn it_ends_within_a_fifth_of_a_second() {
    let registry = Registry::start();
    push(&registry);
    let mut times = Vec::new();
    for signal in ["INT", "TERM", "INT", "TERM", "INT"] {
        let (ended, time) = interrupted(&registry, Mcjr::pull(&registry, "app:v1"), signal);
        assert_eq!(ended.code, Some(10 + Cancelled.number()), "{signal}: {}", ended.stderr);
        assert!(ended.stderr.starts_with("mcjr: pull app:v1: the pull was cancelled (after"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        assert!(ended.files.is_empty(), "{signal}: {:?}", ended.files);
        times.push(time);
    }
    // The best of five: what the other tests on this machine take is not ours.
    assert!(times.iter().min() < Some(&Duration::from_millis(200)), "{times:?}");
}

#[test]
fn an_old_file_stays() {
    let registry = Registry::start();
    push(&registry);
    let pull = Mcjr::pull(&registry, "app:v1").args(&["--json"]);
    std::fs::write(pull.file(), "old bytes").expect("a file");
    let (ended, _) = interrupted(&registry, pull, "INT");
    assert_eq!(ended.code, Some(20));
    assert_eq!(ended.files, ["image.tar"]);
    assert_eq!(std::fs::read(ended.folder.path().join("image.tar")).expect("the file"), b"old bytes");
}
