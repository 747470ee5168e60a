//! Redirects: followed by our own rules, and credentials stay behind.

use multicloudj_registry::ErrorKind::{Malformed, Unauthorized, Unavailable};

use crate::archive::Kept;
use crate::auth::push;
use crate::fixture::{PASSWORD, Puller, SIGNATURE, USER};
use crate::support::Registry;
use crate::support::words::basic;

fn guarded() -> Registry {
    Registry::builder().basic(USER, PASSWORD).start()
}

/// An OCI archive names what the config says, so no layer is asked for before the config is there: requests can be counted.
fn one_by_one(registry: &Registry) -> Puller {
    Puller::login(registry).option("format", "oci")
}

#[test]
fn the_login_stays_behind() {
    for status in [301, 302, 303, 307, 308] {
        let registry = guarded();
        let image = push(&registry);
        registry.fault(&format!("GET /v2/app/blobs/* redirect={status}:other:{{path}}?X-Sig={SIGNATURE}"));
        Puller::login(&registry).works("app:v1").holds(&image, Kept::ForDocker);
        let there = registry.requests_for("GET", "other:/v2/app/blobs/*");
        assert_eq!(there.len(), 3, "{status}: config and layers");
        for request in there {
            assert_eq!((request.authorization(), request.header("cookie")), (None, None));
            // Some stores behind signed URLs want it (soci-snapshotter#1974).
            let referer = format!("{}{}", registry.url(), request.path);
            assert_eq!(request.header("referer"), Some(referer.as_str()));
            assert_eq!(request.query, format!("X-Sig={SIGNATURE}"), "the URL as it was given");
        }
    }
}

#[test]
fn inside_the_registry_the_login_comes_along() {
    let registry = guarded();
    let image = push(&registry);
    registry.fault(
        "GET /v2/app/manifests/v1 once redirect=307:{path}?again\nGET /v2/app/blobs/* once redirect=302:{self}{path}?x",
    );
    Puller::login(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    for request in
        registry.requests_for("GET", "/v2/app/*?again*").iter().chain(&registry.requests_for("GET", "/v2/app/*?x"))
    {
        assert_eq!(request.authorization(), Some(&*basic(USER, PASSWORD)));
    }
    assert_eq!(registry.count("*", "other:*"), 0);
}

#[test]
fn five_are_followed_and_no_sixth() {
    let registry = Registry::start();
    let image = push(&registry);
    registry.fault("GET /v2/app/manifests/v1 times=5 redirect=307:{path}");
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    registry.reset();
    registry.fault("GET /v2/app/manifests/v1 redirect=307:{path}");
    Puller::at(&registry).fails("app:v1", Malformed, "more than 5 redirects");
    assert_eq!(registry.requests().len(), 6);
}

#[test]
fn a_page_sent_along_is_no_content() {
    let registry = Registry::start();
    push(&registry);
    for fault in ["status=307", "redirect=307:", "status=300", "status=304", "header=Location:{path} status=305"] {
        registry.reset();
        registry.fault(&format!("GET /v2/app/manifests/* {fault}"));
        let puller = Puller::at(&registry);
        let before = puller.listing();
        let why = puller.pull_to("app:v1", &puller.file()).expect_err(fault);
        assert!(matches!(why.kind(), Malformed), "{fault}: {why}");
        assert_eq!(puller.listing(), before);
    }
}

#[test]
fn targets_that_are_refused() {
    #[rustfmt::skip]
    let table = [
        ("ftp://127.0.0.1/blob",                          "away from https"),
        ("file:///etc/passwd",                            "away from https"),
        ("http://user:canary-signature@127.0.0.1/blob",   "carries a user"),
        ("http://169.254.169.254/latest/meta-data/",      "internal address"),
        ("https://169.254.169.254/latest/meta-data/",     "internal address"),
        ("http://100.100.100.200/latest/",                "internal address"),
        ("http://[::ffff:169.254.169.254]/",              "internal address"),
        ("http://[fd00:ec2::254]/",                       "internal address"),
        ("http://0xa9fea9fe/",                            "internal address"),
    ];
    let registry = guarded();
    push(&registry);
    for (target, why) in table {
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/* redirect=307:{target}?X-Sig={SIGNATURE}"));
        one_by_one(&registry).fails("app:v1", Malformed, why);
        assert_eq!(registry.requests().len(), 3, "{target}: asked, manifest, config");
    }
}

#[test]
fn plain_http_to_elsewhere_is_never_spoken() {
    let registry = Registry::start();
    push(&registry);
    registry.fault("GET /v2/app/blobs/* redirect=307:http://93.184.216.34/blob");
    Puller::at(&registry).fails("app:v1", Malformed, "plain http is only for loopback");
}

/// A3, "http→https redirect not followed".
#[test]
fn from_http_to_https_it_is_followed() {
    let (registry, store) = (Registry::start(), Registry::builder().tls().start());
    let image = push(&registry);
    push(&store);
    registry.fault(&format!("GET /v2/app/blobs/* redirect=307:{}{{path}}?X-Sig={SIGNATURE}", store.url()));
    let ca = store.ca().to_str().expect("UTF-8");
    Puller::with(&registry, &[("trusted-certificates", ca)]).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(store.requests().len(), 3, "config and layers");
}

#[test]
fn from_https_to_http_nothing_is_followed() {
    let plain = Registry::start();
    let image = push(&plain);
    let registry = Registry::builder().tls().start();
    push(&registry);
    registry.fault(&format!("GET /v2/app/blobs/* redirect=307:{}/v2/app/blobs/{}", plain.url(), image.config_digest));
    let ca = registry.ca().to_string_lossy().into_owned();
    Puller::with(&registry, &[("trusted-certificates", &ca)]).fails("app:v1", Malformed, "away from https");
    assert!(plain.requests().is_empty());
}

#[test]
fn a_target_that_asks_for_a_login_gets_none() {
    // CVE-2020-15157
    for challenge in ["Basic realm=x", "Bearer realm={self}/token,service=x", "Bearer realm={other}/token,service=x"] {
        let registry = guarded();
        push(&registry);
        registry.fault(&format!(
            "GET /v2/app/blobs/* redirect=307:other:{{path}}?X-Sig={SIGNATURE}\n\
             GET other:/v2/* status=401 \"header=WWW-Authenticate: {challenge}\""
        ));
        let why = one_by_one(&registry).fails("app:v1", Unauthorized, "is not the registry and asks for credentials");
        assert!(why.to_string().contains(registry.other_url()), "{why}");
        assert_eq!((registry.count("GET", "other:/v2/*"), registry.count("*", "*/token")), (1, 0), "{challenge}");
        assert!(registry.requests_for("*", "other:*").iter().all(|request| request.authorization().is_none()));
    }
}

#[test]
fn a_way_back_to_the_registry_brings_no_login_along() {
    let registry = guarded();
    push(&registry);
    registry.fault(
        "GET /v2/app/blobs/* no-range redirect=307:other:/bounce{path}\n\
         GET other:/bounce/* redirect=307:{self}/v2/app/manifests/v1",
    );
    one_by_one(&registry).fails("app:v1", Unauthorized, "HTTP 401");
    let back = registry.requests_for("GET", "/v2/app/manifests/v1");
    let without = back.iter().filter(|request| request.authorization().is_none()).count();
    assert_eq!((back.len(), without), (3, 2), "asked, manifest, bounced");
}

#[test]
fn signatures_are_not_told() {
    let registry = Registry::start();
    push(&registry);
    for (fault, kind) in
        [("status=403", Unauthorized), ("cut=3", Unavailable), ("reset", Unavailable), ("raw=x", Unavailable)]
    {
        registry.reset();
        registry.fault(&format!(
            "GET /v2/app/blobs/* redirect=307:other:{{path}}?X-Sig={SIGNATURE}\nGET other:/v2/* {fault}"
        ));
        Puller::at(&registry).fails("app:v1", kind, "");
    }
}
