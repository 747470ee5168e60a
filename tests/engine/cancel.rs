//! Pulls that are stopped: at once, wherever they are, and without a trace.

use std::time::{Duration, Instant};

use multicloudj_registry::ErrorKind::Cancelled;
use multicloudj_registry::Settings;

use crate::fixture::{PASSWORD, Puller, Running, USER, tells, until, wait};
use crate::support::{Content, Image, Pushed, Registry, gzip, plain, zstd};

/// A plain layer and a zstd layer that is decoded, each a few chunks long.
fn push(registry: &Registry) -> Pushed {
    let noise = Content::generated(3, 1 << 20).bytes();
    let image = Image::new().layer(gzip(&[("a", b"small")])).layer(plain(&[("b", &noise)]));
    image.layer(zstd(&[("c", &noise)])).push(registry, "app", "v1")
}

/// Stops the pull and expects it to end soon. Generous, as this machine may be busy; the shell's test measures closer.
#[track_caller]
fn stopped(puller: &Puller, running: Running) {
    let before = Instant::now();
    running.session.cancel().cancel();
    let why = running.end().expect_err("it was cancelled");
    assert!(before.elapsed() < Duration::from_secs(2), "it took {:?}", before.elapsed());
    tells(&why, Cancelled, "pull app:v1");
    assert!(puller.listing().is_empty(), "{:?}", puller.listing().keys());
}

/// Drops the pull's future.
#[track_caller]
fn dropped(puller: &Puller, running: Running) {
    running.task.abort();
    let ended = wait(running.task);
    assert!(ended.expect_err("no result").is_cancelled());
    assert!(puller.listing().is_empty(), "{:?}", puller.listing().keys());
}

/// Lets a pull come to where `fault` holds it, and ends it there in both ways.
#[track_caller]
fn at(builder: crate::support::registry::Builder, fault: impl Fn(&Pushed) -> String, path: impl Fn(&Pushed) -> String) {
    let registry = builder.start();
    let image = push(&registry);
    for end in [stopped, dropped] {
        registry.reset();
        registry.fault(&fault(&image));
        let puller = Puller::login(&registry);
        let running = puller.start("app:v1");
        let path = path(&image);
        until(&path, || registry.count("GET", &path) > 0);
        end(&puller, running);
    }
}

#[test]
fn before_it_begins() {
    let registry = Registry::start();
    push(&registry);
    let puller = Puller::at(&registry);
    let (session, _bell) = multicloudj_registry::Session::new(tokio_util::sync::CancellationToken::new());
    session.cancel().cancel();
    let options = multicloudj_registry::PullOptions::default();
    let why = wait(puller.client.pull("app:v1", &puller.file(), &options, &session)).expect_err("it was cancelled");
    tells(&why, Cancelled, "cancelled");
    assert!(registry.requests().is_empty() && puller.listing().is_empty());
}

#[test]
fn while_the_manifest_is_awaited() {
    at(Registry::builder(), |_| "GET /v2/app/manifests/v1 delay=600000".into(), |_| "/v2/app/manifests/v1".into());
}

#[test]
fn in_the_middle_of_the_manifest() {
    at(Registry::builder(), |_| "GET /v2/app/manifests/v1 stall=10".into(), |_| "/v2/app/manifests/v1".into());
}

#[test]
fn while_a_token_is_bought() {
    let builder = Registry::builder().bearer().login(USER, PASSWORD);
    at(builder, |_| "GET /token stall=0".into(), |_| "/token".into());
}

#[test]
fn while_the_config_is_read() {
    let config = |image: &Pushed| format!("/v2/app/blobs/{}", image.config_digest);
    at(Registry::builder(), |image| format!("GET {} stall=10", config(image)), config);
}

#[test]
fn while_layers_are_on_their_way() {
    for n in [0, 1, 2] {
        let layer = move |image: &Pushed| format!("/v2/app/blobs/{}", image.layers[n].digest);
        at(Registry::builder(), move |image| format!("GET {} stall=50", layer(image)), layer);
    }
}

#[test]
fn with_bytes_in_every_queue() {
    let registry = Registry::start();
    let image = push(&registry);
    for end in [stopped, dropped] {
        registry.reset();
        registry.fault("GET /v2/app/blobs/* after=1 trickle=4096/1");
        let puller = Puller::at(&registry);
        let running = puller.start("app:v1");
        until("bytes of each layer", || {
            let layers = running.session.layers();
            layers.len() == image.layers.len() && layers.iter().all(|layer| layer.done() > 0)
        });
        assert!(!puller.listing().is_empty(), "there is a temporary file");
        end(&puller, running);
    }
}

#[test]
fn with_its_bytes_on_their_way_to_the_disk() {
    let registry = Registry::start();
    let big = crate::support::big_plain(192 << 20);
    let image = Image::new().layer(big).push(&registry, "app", "v1");
    for end in [stopped, dropped] {
        // Durable: after the last byte come seconds, or at least a moment, of fsync.
        let puller = Puller::at(&registry).option("durable", "true");
        let running = puller.start("app:v1");
        until("the last byte", || {
            running.session.layers().first().is_some_and(|layer| layer.done() == image.layers[0].size)
        });
        if running.task.is_finished() {
            eprintln!("this disk is too fast to be stopped in the middle of an fsync");
            running.end().expect("it was done already");
            continue;
        }
        end(&puller, running);
    }
}

#[test]
fn while_it_waits_for_a_credential() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let mut settings = Settings::default();
    for (key, value) in [("provider", "callback"), ("endpoint", registry.url())] {
        settings.set(key, value).expect(key);
    }
    for end in [stopped, dropped] {
        let puller = Puller::of(&settings);
        let running = puller.start("app:v1");
        let (desk, session) = (puller.client.desk().expect("a desk"), running.session.clone());
        until("the request for a credential", || desk.is_awaited_by(&session));
        end(&puller, running);
        assert!(!desk.is_awaited_by(&session), "the request is gone");
        assert!(desk.claim(&session).is_none());
    }
}

#[test]
fn the_client_goes_on() {
    let registry = Registry::start();
    push(&registry);
    registry.fault("GET /v2/app/blobs/* times=8 stall=0");
    let puller = Puller::with(&registry, &[("max-connections", "2")]);
    for _ in 0..4 {
        let running = puller.start("app:v1");
        until("the config", || registry.count("GET", "/v2/app/blobs/*") > 0);
        running.session.cancel().cancel();
        running.end().expect_err("it was cancelled");
        registry.reset();
        registry.fault("GET /v2/app/blobs/* times=8 stall=0");
    }
    registry.reset();
    puller.works("app:v1");
}

#[test]
fn an_old_file_stays_as_it_was() {
    let registry = Registry::start();
    push(&registry);
    registry.fault("GET /v2/app/blobs/* after=1 stall=100");
    let puller = Puller::at(&registry);
    std::fs::write(puller.file(), "old bytes").expect("a file");
    let before = puller.listing();
    let running = puller.start("app:v1");
    until("a layer", || registry.count("GET", "/v2/app/blobs/*") > 1);
    running.session.cancel().cancel();
    running.end().expect_err("it was cancelled");
    assert_eq!(puller.listing(), before);
}
