//! Servers that go silent, or only trickle: noticed by time and by rate, told with blob, host, bytes and seconds.

use multicloudj_registry::ErrorKind::{DeadlineExceeded, Malformed, NotFound};

use crate::archive::Kept;
use crate::fixture::{PASSWORD, Puller, USER};
use crate::ranges::{path, ranges};
use crate::support::{Content, Image, Pushed, Registry, gzip, plain, zstd};

const SETTINGS: [(&str, &str); 3] = [("idle-timeout", "700"), ("retry-attempts", "2"), ("retry-initial-delay", "1")];

fn push(registry: &Registry) -> Pushed {
    let noise = Content::generated(3, 200_000).bytes();
    let image = Image::new().layer(plain(&[("a", &noise)])).layer(zstd(&[("b", &noise)]));
    image.layer(gzip(&[("c", b"small")])).push(registry, "app", "v1")
}

/// A3, "Pull hangs for hours at a few bytes/s".
#[test]
fn silence_is_resumed_and_then_told() {
    let registry = Registry::start();
    let image = push(&registry);
    for layer in &image.layers[..2] {
        let path = format!("/v2/app/blobs/{}", layer.digest);
        registry.reset();
        registry.fault(&format!("GET {path} once stall=5000"));
        Puller::with(&registry, &SETTINGS).works("app:v1").holds(&image, Kept::ForDocker);
        assert_eq!(ranges(&registry, &path), [None, Some(format!("bytes=5000-{}", layer.size - 1))]);
        registry.reset();
        registry.fault(&format!("GET {path} stall=5000"));
        let why = Puller::with(&registry, &SETTINGS).fails("app:v1", DeadlineExceeded, "nothing came for 0.7 s");
        let why = why.to_string();
        let words = format!("from {} after 10000 bytes of {}", registry.host(), layer.size);
        for word in [layer.digest.as_str(), &words, "2 attempts, after "] {
            assert!(why.contains(word), "{why}\nshould say: {word}");
        }
    }
}

#[test]
fn a_trickle_is_noticed_everywhere() {
    let registry = Registry::builder().bearer().login(USER, PASSWORD).start();
    let image = push(&registry);
    let login = [("username", USER), ("password", PASSWORD), ("minimum-rate", "20000")];
    let settings = [&SETTINGS[..], &login].concat();
    let config = format!("/v2/app/blobs/{}", image.config_digest);
    let decoded = format!("/v2/app/blobs/{}", image.layers[1].digest);
    for path in ["/token", "/v2/app/manifests/v1", &config, &path(&image), &decoded] {
        registry.reset();
        registry.fault(&format!("GET {path} once trickle=1/40"));
        Puller::with(&registry, &settings).works("app:v1").holds(&image, Kept::ForDocker);
        assert_eq!(registry.count("GET", path) - usize::from(path.contains("manifests")), 2, "{path}");
        registry.reset();
        registry.expire_tokens();
        registry.fault(&format!("GET {path} trickle=1/40"));
        let why = Puller::with(&registry, &settings).fails("app:v1", DeadlineExceeded, "less than 20000 a second");
        let why = why.to_string();
        for word in [registry.host(), " after ", " bytes", "2 attempts"] {
            assert!(why.contains(word), "{path}: {why}\nshould say: {word}");
        }
    }
}

#[test]
fn the_default_rate_is_low_and_can_be_none() {
    let registry = Registry::start();
    let image = push(&registry);
    // 50 bytes a second: below the default of 1024, and above nothing.
    registry.fault(&format!("GET /v2/app/blobs/{} trickle=1/20", image.layers[2].digest));
    Puller::with(&registry, &SETTINGS).fails("app:v1", DeadlineExceeded, "less than 1024 a second");
    let any = [&SETTINGS[..], &[("minimum-rate", "0")]].concat();
    Puller::with(&registry, &any).works("app:v1").holds(&image, Kept::ForDocker);
}

/// A3, "Fixed 20 s read timeout kills slow links": there is no limit on the whole of a transfer.
#[test]
fn a_slow_link_that_is_alive_is_left_alone() {
    let registry = Registry::start();
    let image = push(&registry);
    // Each takes twice the limit on silence.
    registry.fault("GET /v2/app/blobs/* trickle=20000/150");
    Puller::with(&registry, &SETTINGS).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 5);
}

#[test]
fn a_server_that_accepts_and_says_nothing() {
    let registry = Registry::start();
    push(&registry);
    registry.fault("GET /v2/app/blobs/* after=1 delay=60000");
    let why =
        Puller::with(&registry, &SETTINGS).fails("app:v1", DeadlineExceeded, "nothing came for 0.7 s").to_string();
    assert!(why.contains(registry.host()) && why.contains("2 attempts"), "{why}");
}

#[test]
fn a_handshake_that_never_ends() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("https://{}", silent.local_addr().expect("its address"));
    let registry = Registry::start();
    let settings = [&SETTINGS[..], &[("endpoint", endpoint.as_str())]].concat();
    Puller::with(&registry, &settings).fails("app:v1", DeadlineExceeded, "2 attempts");
}

/// A3, "http→https redirect not followed, HTML page taken as blob".
#[test]
fn the_page_of_a_redirect_is_no_content() {
    let registry = Registry::start();
    let image = push(&registry);
    registry.fault(&format!("GET {} redirect=307:other:/gone", path(&image)));
    Puller::with(&registry, &SETTINGS).fails("app:v1", NotFound, "HTTP 404");
    registry.reset();
    registry.fault(&format!("GET {} status=300 \"body=<html>choose</html>\"", path(&image)));
    Puller::with(&registry, &SETTINGS).fails("app:v1", Malformed, "HTTP 300");
}

#[test]
fn limits_of_the_settings() {
    let mut settings = multicloudj_registry::Settings::default();
    for (key, value) in
        [("idle-timeout", "0"), ("idle-timeout", "never"), ("minimum-rate", "-1"), ("minimum-rate", "x")]
    {
        let why = settings.set(key, value).expect_err("it breaks a rule");
        assert!(why.to_string().contains(key), "{why}");
    }
    settings.set("idle-timeout", "86400000").expect("a day");
    settings.set("minimum-rate", "0").expect("none");
}
