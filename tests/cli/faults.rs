//! A registry that fails now and then, or for good: `--retries`, `--timeout` and the options behind them.

use std::time::{Duration, Instant};

use multicloudj_registry::ErrorKind::{self, DeadlineExceeded, Unavailable};

use crate::command::{Ended, Mcjr, push};
use crate::support::Registry;

const MANIFEST: &str = "/v2/app/manifests/v1";
const QUICK: [&str; 2] = ["-o", "retry-initial-delay=1"];

#[track_caller]
fn ended_as(ended: &Ended, kind: ErrorKind, words: &str) {
    assert_eq!(ended.code, Some(10 + kind.number()), "{}", ended.stderr);
    assert!(ended.stderr.contains(words), "{}\nshould say: {words}", ended.stderr);
    assert!(ended.files.is_empty(), "{:?}", ended.files);
}

#[test]
fn four_retries_unless_told() {
    let registry = Registry::start();
    push(&registry);
    registry.fault(&format!("GET {MANIFEST} times=4 status=503"));
    Mcjr::pull(&registry, "app:v1").args(&QUICK).works();
    assert_eq!(registry.count("GET", MANIFEST), 5);
    registry.reset();
    registry.fault(&format!("GET {MANIFEST} status=503"));
    ended_as(&Mcjr::pull(&registry, "app:v1").args(&QUICK).run(), Unavailable, "5 attempts, after ");
}

#[test]
fn as_many_retries_as_told() {
    let registry = Registry::start();
    push(&registry);
    for retries in [0, 1, 7] {
        registry.reset();
        registry.fault(&format!("GET {MANIFEST} status=503"));
        let told = retries.to_string();
        let ended = Mcjr::pull(&registry, "app:v1").args(&QUICK).args(&["--retries", &told]).run();
        let words = if retries == 0 { "HTTP 503".into() } else { format!("{} attempts, after ", retries + 1) };
        ended_as(&ended, Unavailable, &words);
        assert_eq!(registry.count("GET", MANIFEST), retries + 1);
    }
    for retries in ["100", "4294967295"] {
        let ended = Mcjr::pull(&registry, "app:v1").args(&["--retries", retries]).run();
        ended_as(&ended, ErrorKind::InvalidArgument, "1 to 100");
    }
}

#[test]
fn a_timeout_for_the_whole() {
    let registry = Registry::start();
    push(&registry);
    for fault in ["stall=3", "status=503", "delay=60000"] {
        registry.reset();
        registry.fault(&format!("GET {MANIFEST} {fault}"));
        let before = Instant::now();
        let ended = Mcjr::pull(&registry, "app:v1").args(&["--timeout", "1", "--retries", "99"]).run();
        ended_as(&ended, DeadlineExceeded, "the total timeout is over (after 1.");
        assert!(before.elapsed() < Duration::from_secs(5), "{fault}: {:?}", before.elapsed());
    }
    ended_as(
        &Mcjr::pull(&registry, "app:v1").args(&["--timeout", "0"]).run(),
        ErrorKind::InvalidArgument,
        "total-timeout",
    );
}

#[test]
fn silence_is_told_with_blob_host_bytes_and_seconds() {
    let registry = Registry::start();
    let image = push(&registry);
    let layer = &image.layers[0];
    registry.fault(&format!("GET /v2/app/blobs/{} stall=7", layer.digest));
    let ended = Mcjr::pull(&registry, "app:v1").args(&["--retries", "0", "-o", "idle-timeout=250"]).run();
    let words = format!(
        "get layer {digest} of {host}/app from {host} after 7 bytes of {size}: nothing came for 0.25 s",
        digest = layer.digest,
        host = registry.host(),
        size = layer.size
    );
    ended_as(&ended, DeadlineExceeded, &words);
}
