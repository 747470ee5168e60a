//! Cancellation within 200 ms wherever faults hold a pull, with no name and no connection left.
//!
//! `cancel` has the stages of a pull without faults; here it waits, resumes, or stands in a queue.

use std::time::{Duration, Instant};

use multicloudj_registry::ErrorKind::Cancelled;
use multicloudj_registry::Settings;

use crate::fixture::{PASSWORD, Puller, Running, USER, tells, until};
use crate::ranges::path;
use crate::support::{Image, Pushed, Registry, big_plain, gzip, zstd};

/// The promise. This machine may be busy with other things for a moment, so the best of some tries counts.
const PROMISE: Duration = Duration::from_millis(200);
const TRIES: usize = 5;

fn push(registry: &Registry) -> Pushed {
    Image::new().layer(gzip(&[("a", b"x")])).layer(zstd(&[("b", b"y")])).push(registry, "app", "v1")
}

/// Starts a pull, waits until it is `there`, cancels it; checks time, folder and connections.
#[track_caller]
fn stops(what: &str, registry: &Registry, script: &str, puller: impl Fn() -> Puller, there: impl Fn(&Running) -> bool) {
    let mut times = Vec::new();
    for _ in 0..TRIES {
        registry.reset();
        registry.fault(script);
        let puller = puller();
        let running = puller.start("app:v1");
        until(what, || there(&running));
        assert!(!running.task.is_finished(), "{what}: it is over already");
        let before = Instant::now();
        running.session.cancel().cancel();
        let why = running.end().expect_err("it was cancelled");
        let names = puller.listing().len();
        // The registry must notice, too.
        until("the end of every request", || registry.busy() == 0);
        times.push(before.elapsed());
        tells(&why, Cancelled, "pull app:v1");
        assert_eq!(names, 0, "{what}: {:?}", puller.listing().keys());
        drop(puller);
        until("the end of every connection", || registry.open_connections() == 0);
        if times.last().is_some_and(|time| *time < PROMISE) {
            eprintln!("{what}: stopped in {:?}", times[times.len() - 1]);
            return;
        }
    }
    panic!("{what}: {times:?}");
}

/// A pull that tries again for ever, with waits of a minute.
fn patient(registry: &Registry) -> Puller {
    let settings = [("retry-attempts", "100"), ("retry-mode", "fixed"), ("retry-fixed-delay", "60000")];
    Puller::with(registry, &[&settings[..], &[("username", USER), ("password", PASSWORD)]].concat())
}

#[test]
fn while_a_retry_waits() {
    let registry = Registry::start();
    push(&registry);
    for (what, script, path) in [
        ("a wait of the manifest", "GET /v2/app/manifests/v1 status=503", "/v2/app/manifests/v1"),
        ("a wait of the config", "GET /v2/app/blobs/* once status=503", "/v2/app/blobs/*"),
        ("a wait of layers", "GET /v2/app/blobs/* after=1 reset", "/v2/app/blobs/*"),
        ("a wait after a cut", "GET /v2/app/blobs/* after=1 cut=10", "/v2/app/blobs/*"),
        ("what Retry-After asks for", "GET /v2/app/manifests/v1 status=429 retry-after=60", "/v2/app/manifests/v1"),
    ] {
        let failed = || registry.requests_for("GET", path).iter().any(|request| request.fault.is_some());
        stops(what, &registry, script, || patient(&registry), |_| failed() && registry.busy() == 0);
    }
}

#[test]
fn while_a_token_is_tried_again() {
    let registry = Registry::builder().bearer().login(USER, PASSWORD).start();
    push(&registry);
    for script in ["GET /token status=503", "GET /token stall=3", "GET /token trickle=1/20"] {
        stops(script, &registry, script, || patient(&registry), |_| registry.count("GET", "/token") > 0);
    }
}

#[test]
fn while_it_waits_for_a_credential() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let puller = || {
        let mut settings = Settings::default();
        for (key, value) in [("provider", "callback"), ("endpoint", registry.url())] {
            settings.set(key, value).expect(key);
        }
        Puller::of(&settings)
    };
    // Whether a desk is awaited, only its client knows: `cancel` looks closer.
    let challenged =
        |_: &Running| registry.requests().iter().any(|request| request.status == 401) && registry.busy() == 0;
    stops("a credential", &registry, "", puller, challenged);
}

#[test]
fn while_it_waits_for_the_budget() {
    let registry = Registry::start();
    push(&registry);
    registry.fault("GET /v2/app/manifests/v1 stall=3");
    let puller = Puller::with(&registry, &[("max-connections", "1")]);
    let first = puller.start("app:v1");
    until("the first pull", || registry.busy() == 1);
    let second = puller.start_to("app:v1", &puller.folder().join("second.tar"));
    // That it waits has no event.
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(registry.requests().len(), 1);
    for (what, running) in [("the waiting one", second), ("the one that holds the place", first)] {
        let before = Instant::now();
        running.session.cancel().cancel();
        tells(&running.end().expect_err("it was cancelled"), Cancelled, "pull app:v1");
        eprintln!("{what}: stopped in {:?}", before.elapsed());
        assert!(before.elapsed() < Duration::from_secs(1), "{what}: {:?}", before.elapsed());
    }
    registry.reset();
    puller.works("app:v1");
}

#[test]
fn in_the_middle_of_parts() {
    let registry = Registry::start();
    let image = Image::new().layer(big_plain(40 << 20)).push(&registry, "app", "v1");
    let path = path(&image);
    for fault in ["stall=100000", "trickle=100000/5", "after=1 cut=1000000", "once flip=0"] {
        let script = format!("GET {path} {fault}");
        let there = |running: &Running| {
            running.session.layers().first().is_some_and(|layer| layer.done() > 200_000)
                && registry.count("GET", &path) >= 2
        };
        if fault == "once flip=0" {
            // While the whole is fetched again.
            let script = format!("GET {path} once flip=0\nGET {path} no-range stall=100000");
            let again = |_: &Running| registry.requests_for("GET", &path).iter().any(|r| r.header("range").is_none());
            stops("a second transfer", &registry, &script, || patient(&registry), again);
        } else {
            stops(fault, &registry, &script, || patient(&registry), there);
        }
    }
}

#[test]
fn during_fsync() {
    let registry = Registry::start();
    let image = Image::new().layer(big_plain(96 << 20)).push(&registry, "app", "v1");
    let size = image.layers[0].size;
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        let puller = Puller::at(&registry).option("durable", "true");
        let running = puller.start("app:v1");
        until("the last byte", || running.session.layers().first().is_some_and(|layer| layer.done() == size));
        let before = Instant::now();
        running.session.cancel().cancel();
        let Err(why) = running.end() else {
            eprintln!("this disk is too fast to be stopped in the middle of an fsync");
            return;
        };
        best = best.min(before.elapsed());
        tells(&why, Cancelled, "pull app:v1");
        assert_eq!(puller.listing().len(), 0);
        if best < PROMISE {
            break;
        }
    }
    eprintln!("fsync: stopped in {best:?}");
    assert!(best < PROMISE, "{best:?}");
}
