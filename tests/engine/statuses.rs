//! Answers with an error status: the kind, the words of the registry, and one request only.

use multicloudj_registry::ErrorKind::{
    self, DeadlineExceeded, Malformed, NotFound, RateLimited, Unauthorized, Unavailable,
};

use crate::fixture::{PASSWORD, Puller, USER};
use crate::support::{Image, Pushed, Registry, gzip};

fn push(registry: &Registry) -> Pushed {
    Image::new().layer(gzip(&[("a", b"x")])).push(registry, "app", "v1")
}

#[rustfmt::skip]
const STATUSES: [(u16, ErrorKind, &str); 13] = [
    (400, Malformed,        "UNKNOWN"),
    (401, Unauthorized,     "UNAUTHORIZED"),
    (403, Unauthorized,     "DENIED"),
    (404, NotFound,         "NAME_UNKNOWN"),
    (405, Malformed,        "UNKNOWN"),
    (408, DeadlineExceeded, "UNKNOWN"),
    (416, Malformed,        "RANGE_INVALID"),
    (429, RateLimited,      "TOOMANYREQUESTS"),
    (500, Unavailable,      "UNAVAILABLE"),
    (501, Unavailable,      "UNAVAILABLE"),
    (502, Unavailable,      "UNAVAILABLE"),
    (503, Unavailable,      "UNAVAILABLE"),
    (504, DeadlineExceeded, "UNAVAILABLE"),
];

#[test]
fn each_status_has_its_kind() {
    let registry = Registry::start();
    let image = push(&registry);
    for (status, kind, code) in STATUSES {
        for path in [
            "manifests/v1".to_owned(),
            format!("blobs/{}", image.config_digest),
            format!("blobs/{}", image.layers[0].digest),
        ] {
            registry.reset();
            registry.fault(&format!("GET /v2/app/{path} status={status}"));
            let why = Puller::at(&registry).fails("app:v1", kind, &format!("HTTP {status}"));
            assert_eq!((why.http_status(), why.code()), (Some(status), Some(code)), "{path}");
            assert_eq!(registry.count("GET", &format!("/v2/app/{path}")), 1);
        }
    }
}

#[test]
fn each_status_of_the_token_service() {
    for (status, kind, code) in STATUSES {
        let registry = Registry::builder().bearer().start();
        push(&registry);
        registry.fault(&format!("GET /token status={status}"));
        let why = Puller::at(&registry).fails("app:v1", kind, "get a token from");
        assert_eq!((why.http_status(), why.code()), (Some(status), Some(code)));
        assert_eq!(registry.requests().len(), 2, "{status}");
    }
}

#[test]
fn successes_that_are_none() {
    let registry = Registry::start();
    push(&registry);
    for status in [201, 202, 204, 206] {
        registry.reset();
        registry.fault(&format!("GET /v2/app/manifests/v1 status={status}"));
        Puller::at(&registry).fails("app:v1", Malformed, &format!("HTTP {status}"));
    }
}

#[test]
fn what_is_missing_is_named() {
    let registry = Registry::start();
    let image = push(&registry);
    let why = Puller::at(&registry).fails("app:v2", NotFound, "MANIFEST_UNKNOWN").to_string();
    assert!(
        why.starts_with(&format!("get manifest {}/app:v2: manifest v2 unknown (HTTP 404", registry.host())),
        "{why}"
    );
    Puller::at(&registry).fails("nothing:v1", NotFound, "NAME_UNKNOWN");
    registry.store().remove("app", &image.layers[0].digest);
    Puller::at(&registry).fails("app:v1", NotFound, &format!("get layer {}", image.layers[0].digest));
}

#[test]
fn bodies_of_any_kind() {
    let registry = Registry::start();
    push(&registry);
    for (body, words) in [
        ("", "the answer was internal server error"),
        ("<html>proxy says no</html>", "the answer was internal server error"),
        ("{\\\"errors\\\":[]}", "the answer was internal server error"),
        ("{\\\"errors\\\":{}}", "the answer was internal server error"),
        ("{\\\"errors\\\":[{\\\"message\\\":\\\"only words\\\"}]}", "only words"),
        ("{\\\"errors\\\":[{\\\"code\\\":\\\"ONLY_CODE\\\"}]}", "ONLY_CODE"),
        (
            "{\\\"errors\\\":[{\\\"code\\\":\\\"A\\\",\\\"message\\\":\\\"first\\\"},{\\\"message\\\":\\\"second\\\"}]}",
            "first",
        ),
    ] {
        registry.reset();
        registry.fault(&format!("GET /v2/app/manifests/v1 status=500 body=\"{body}\""));
        Puller::at(&registry).fails("app:v1", Unavailable, words);
    }
}

#[test]
fn remote_words_stay_on_one_line_and_end_somewhere() {
    let registry = Registry::start();
    push(&registry);
    let long = "x".repeat(5_000);
    registry.fault(&format!(
        "GET /v2/app/manifests/v1 status=500 body=\"{{\\\"errors\\\":[{{\\\"message\\\":\\\"a\\\\u0000\\\\u001b[31m\\\\r\\\\nb\\\\u0085{long}\\\"}}]}}\""
    ));
    let why = Puller::at(&registry).fails("app:v1", Unavailable, "a[31mb").to_string();
    assert!(!why.contains(char::is_control) && why.len() < 1_000, "{why:?}");
}

#[test]
fn a_registry_that_repeats_the_credential_is_not_quoted() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    registry.on("GET /v2/app/manifests/v1 status=500", |reply, scene| {
        let sent = scene.request.header("authorization").unwrap_or_default().to_owned();
        reply.body(format!("{{\"errors\":[{{\"code\":\"X\",\"message\":\"{sent} {PASSWORD} \"}}]}}").into_bytes());
    });
    let why = Puller::login(&registry).fails("app:v1", Unavailable, "HTTP 500").to_string();
    let encoded = crate::support::words::basic(USER, PASSWORD);
    assert!(!why.contains(encoded.strip_prefix("Basic ").expect("Basic")), "{why}");
}
