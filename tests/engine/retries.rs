//! What is tried again, how often, and after which wait; and what is not.

use std::time::{Duration, Instant, SystemTime};

use multicloudj_registry::ErrorKind::{
    self, DeadlineExceeded, Malformed, NotFound, RateLimited, Unauthorized, Unavailable,
};

use crate::archive::Kept;
use crate::fixture::{Puller, SIGNATURE};
use crate::ranges::path;
use crate::support::{Image, Index, Pushed, Registry, gzip, zstd};

fn push(registry: &Registry) -> Pushed {
    Image::new().layer(gzip(&[("a", b"x")])).layer(zstd(&[("b", b"y")])).push(registry, "app", "v1")
}

/// `attempts` of them, and no wait worth the name between.
fn quick<'a>(registry: &Registry, attempts: &'a str, more: &[(&'a str, &'a str)]) -> Puller {
    let mut settings = vec![("retry-attempts", attempts), ("retry-initial-delay", "1")];
    settings.extend(more);
    Puller::with(registry, &settings)
}

/// A registry that gives tokens, redirects one layer, and has an image in an index; and each of its paths a pull uses.
fn all_paths() -> (Registry, Pushed, Vec<String>, String) {
    let registry = Registry::builder().bearer().start();
    let index = Index::new()
        .image(Image::new().layer(gzip(&[("a", b"x")])).layer(zstd(&[("b", b"y")])).layer(gzip(&[("c", b"z")])));
    let index = index.push(&registry, "app", "v1");
    let image = index.child("linux/amd64").clone();
    let blob = |digest: &str| format!("/v2/app/blobs/{digest}");
    let paths = vec![
        "/v2/app/manifests/v1".into(),
        format!("/v2/app/manifests/{}", image.digest),
        "/token".into(),
        blob(&image.config_digest),
        blob(&image.layers[0].digest),
        blob(&image.layers[1].digest),
        format!("other:{}", blob(&image.layers[2].digest)),
    ];
    let redirect = format!("GET {} redirect=307:other:{{path}}?X-Sig={SIGNATURE}", blob(&image.layers[2].digest));
    (registry, image, paths, redirect)
}

/// How often a path was tried: a challenge for a token is no answer to that.
fn tries(registry: &Registry, path: &str) -> usize {
    registry.requests_for("GET", path).iter().filter(|request| request.status != 401 || request.fault.is_some()).count()
}

const TRANSIENT: [&str; 11] = [
    "status=408",
    "status=429",
    "status=429 retry-after=0",
    "status=500",
    "status=502",
    "status=503",
    "status=504",
    "reset",
    "cut=0",
    "cut=5",
    "\"raw=HTTP/1.1 \"",
];

/// A3, "429 not retried", and every other fault that passes, at every stage of a pull.
#[test]
fn what_passes_is_tried_again_at_every_stage() {
    let (registry, image, paths, redirect) = all_paths();
    for path in &paths {
        for fault in TRANSIENT {
            registry.reset();
            registry.expire_tokens();
            registry.fault(&format!("GET {path} times=2 {fault}\n{redirect}"));
            quick(&registry, "3", &[]).works("app:v1").holds(&image, Kept::ForDocker);
            assert_eq!(tries(&registry, path), 3, "{path} {fault}");
        }
    }
}

#[test]
fn sequences_of_different_faults_share_the_count() {
    let (registry, image, paths, redirect) = all_paths();
    for path in &paths {
        registry.reset();
        let script =
            ["status=500", "reset", "status=504", "status=429"].map(|fault| format!("GET {path} once {fault}"));
        registry.fault(&format!("{}\n{redirect}", script.join("\n")));
        quick(&registry, "5", &[]).works("app:v1").holds(&image, Kept::ForDocker);
        registry.reset();
        registry.fault(&format!("{}\n{redirect}", script.join("\n")));
        let why = quick(&registry, "4", &[]).fails("app:v1", RateLimited, "HTTP 429").to_string();
        assert!(why.contains("4 attempts, after "), "{path}: {why}");
        assert_eq!(tries(&registry, path), 4, "{path}");
    }
}

#[test]
fn a_token_and_its_use_share_the_count() {
    let registry = Registry::builder().bearer().start();
    push(&registry);
    registry.fault("GET /token times=2 status=503\nGET /v2/app/manifests/v1 status=503");
    let why = quick(&registry, "4", &[]).fails("app:v1", Unavailable, "get manifest").to_string();
    assert!(why.contains("4 attempts"), "{why}");
    assert_eq!(registry.count("GET", "/token"), 3, "refused twice, then given");
    assert_eq!(registry.requests_for("GET", "/v2/app/manifests/v1").iter().filter(|r| r.status == 503).count(), 2);
}

#[test]
fn what_stays_wrong_is_not_tried_again() {
    let (registry, _, paths, redirect) = all_paths();
    let permanent: [(&str, ErrorKind); 8] = [
        ("status=404", NotFound),
        ("status=401", Unauthorized),
        ("status=403", Unauthorized),
        ("status=400", Malformed),
        ("status=405", Malformed),
        ("status=410", Malformed),
        ("status=501", Unavailable),
        ("redirect=307:http://169.254.169.254/", Malformed),
    ];
    for path in &paths {
        for (fault, kind) in permanent {
            if path == "/token" && fault.starts_with("redirect") {
                continue;
            }
            registry.reset();
            registry.expire_tokens();
            registry.fault(&format!("GET {path} {fault}\n{redirect}"));
            let why =
                quick(&registry, "5", &[]).pull_to("app:v1", &tempfile::tempdir().expect("a folder").path().join("x"));
            let why = why.expect_err("it fails");
            assert_eq!(why.kind(), kind, "{path} {fault}: {why}");
            assert!(!why.to_string().contains("attempts"), "{why}");
            // A registry's 401 to a token from before may be its age: a new one is bought, once.
            let most = if fault == "status=401" { 2 } else { 1 };
            assert!(tries(&registry, path) <= most, "{path} {fault}: {}", tries(&registry, path));
        }
    }
}

#[test]
fn wrong_bytes_are_not_tried_again() {
    let registry = Registry::start();
    let image = push(&registry);
    for path in ["/v2/app/manifests/v1".into(), format!("/v2/app/blobs/{}", image.config_digest), path(&image)] {
        registry.reset();
        registry.fault(&format!("GET {path} flip=3"));
        let why = quick(&registry, "5", &[]).fails("app:v1", ErrorKind::Integrity, "sha256:");
        assert_eq!(registry.count("GET", &path), 1, "{why}");
    }
}

#[test]
fn a_wrong_certificate_is_not_tried_again() {
    let registry = Registry::builder().tls().start();
    push(&registry);
    let why = quick(&registry, "5", &[]).fails("app:v1", Unavailable, "certificate").to_string();
    assert_eq!(registry.connections(), 1, "{why}");
    assert!(!why.contains("attempts"), "{why}");
}

#[test]
fn a_name_that_does_not_exist_is_not_tried_again() {
    let registry = Registry::start();
    let puller = quick(&registry, "3", &[("endpoint", "https://no-such-host.invalid")]);
    let why = puller.fails("app:v1", Unavailable, "cannot connect").to_string();
    // Without any resolver the answer is "try again", and that is what is done.
    let wanted = if why.contains("not known") { !why.contains("attempts") } else { why.contains("3 attempts") };
    assert!(wanted, "{why}");
}

#[test]
fn a_registry_that_is_down_is_tried_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let registry = Registry::start();
    let puller = quick(&registry, "3", &[("endpoint", &endpoint)]);
    let why = puller.fails("app:v1", Unavailable, "refused").to_string();
    assert!(why.contains("3 attempts, after 0."), "{why}");
}

/// How long a pull takes whose first request gets `fault` once.
fn time_of(registry: &Registry, fault: &str, settings: &[(&str, &str)]) -> Duration {
    registry.reset();
    registry.fault(&format!("GET /v2/app/manifests/v1 times=1 {fault}"));
    let puller = quick(registry, "2", settings);
    let before = Instant::now();
    puller.works("app:v1");
    assert_eq!(registry.count("GET", "/v2/app/manifests/v1"), 2, "{fault}");
    before.elapsed()
}

/// A3, "429 not retried, or retried at once" and "Odd values".
#[test]
fn retry_after_in_both_forms() {
    let registry = Registry::start();
    push(&registry);
    for status in [429, 503] {
        let time = time_of(&registry, &format!("status={status} retry-after=1"), &[]);
        assert!(time >= Duration::from_secs(1), "{status}: {time:?}");
        // Its seconds are cut off: two from now are more than one.
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
        let time = time_of(&registry, &format!("status={status} \"retry-after={date}\""), &[]);
        assert!(time >= Duration::from_millis(900), "{status}: {time:?}");
    }
    for odd in ["880.092µs", "-5", "soon", "1.5", "\"Thu, 01 Jan 1970 00:00:00 GMT\"", "\"\"", "0"] {
        // The best of three: this machine may be busy with other things.
        let time = (0..3).map(|_| time_of(&registry, &format!("status=429 retry-after={odd}"), &[])).min();
        assert!(time < Some(Duration::from_millis(900)), "{odd}: {time:?}");
    }
}

#[test]
fn a_retry_after_that_is_too_long_fails_at_once() {
    let registry = Registry::start();
    push(&registry);
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(86_400));
    for huge in ["61", "100000", "99999999999999999999999999", &format!("\"{date}\"")] {
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/* status=429 retry-after={huge}"));
        let before = Instant::now();
        let why = quick(&registry, "5", &[]).fails("app:v1", RateLimited, "HTTP 429").to_string();
        assert!(before.elapsed() < Duration::from_secs(5) && why.contains("asked to wait "), "{why}");
        assert_eq!(registry.count("GET", "/v2/app/blobs/*"), 1, "{huge}");
    }
}

#[test]
fn the_connection_is_free_while_a_retry_waits() {
    let registry = Registry::start();
    let image = push(&registry);
    registry.fault("GET /v2/app/blobs/* after=1 once status=429 retry-after=1");
    let puller = quick(&registry, "2", &[("max-connections", "1")]);
    let running = puller.start("app:v1");
    crate::fixture::until("the other layer", || {
        registry.requests().iter().filter(|request| request.path.contains("/blobs/") && request.status == 200).count()
            == 2
    });
    assert!(!running.task.is_finished(), "the first layer waits");
    running.end().expect("it works");
    assert_eq!(registry.count("GET", "/v2/app/blobs/*"), 4, "{}", image.digest);
}

#[test]
fn waits_grow_or_do_not() {
    let registry = Registry::start();
    push(&registry);
    let timed = |settings: &[(&str, &str)]| {
        registry.reset();
        registry.fault("GET /v2/app/manifests/v1 times=3 status=503");
        let puller = Puller::with(&registry, settings);
        let before = Instant::now();
        puller.works("app:v1");
        before.elapsed()
    };
    // A jitter takes up to half of each.
    let time = timed(&[("retry-attempts", "4"), ("retry-mode", "fixed"), ("retry-fixed-delay", "200")]);
    assert!(time >= Duration::from_millis(300), "three times 100 to 200 ms: {time:?}");
    let steep = [("retry-attempts", "4"), ("retry-initial-delay", "40"), ("retry-multiplier", "5")];
    let time = timed(&steep);
    assert!(time >= Duration::from_millis(620), "20 + 100 + 500 ms, or up to twice that: {time:?}");
    let time = (0..3).map(|_| timed(&[&steep[..], &[("retry-max-delay", "40")]].concat())).min();
    assert!(time < Some(Duration::from_millis(600)), "at most 120 ms of waits: {time:?}");
}

#[test]
fn an_attempt_may_take_so_long() {
    let registry = Registry::start();
    let image = push(&registry);
    let settings = [("attempt-timeout", "900")];
    registry.fault("GET /v2/app/manifests/v1 once delay=60000\nGET /v2/app/blobs/* once delay=60000");
    quick(&registry, "2", &settings).works("app:v1").holds(&image, Kept::ForDocker);
    registry.reset();
    registry.fault("GET /v2/app/blobs/* after=1 delay=60000");
    let why = quick(&registry, "2", &settings).fails("app:v1", DeadlineExceeded, "no answer within 900 ms").to_string();
    assert!(why.contains("2 attempts, after ") && why.contains(registry.host()), "{why}");
}

#[test]
fn everything_together_may_take_so_long() {
    let registry = Registry::start();
    push(&registry);
    for fault in ["status=503", "stall=10", "delay=60000", "trickle=1/100", "reset", "status=429 retry-after=50"] {
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/* {fault}"));
        let settings = [("total-timeout", "400"), ("retry-mode", "fixed"), ("retry-fixed-delay", "50")];
        let before = Instant::now();
        quick(&registry, "100", &settings).fails("app:v1", DeadlineExceeded, "total timeout");
        assert!(before.elapsed() < Duration::from_secs(3), "{fault}: {:?}", before.elapsed());
    }
}
