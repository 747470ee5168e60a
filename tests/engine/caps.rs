//! Answers without end: read up to a cap, then refused.

use multicloudj_registry::ErrorKind::{self, Malformed, Unauthorized, Unavailable};
use multicloudj_registry::limits;

use crate::fixture::Puller;
use crate::support::{Image, Registry, gzip, odd};

fn push(registry: &Registry) {
    Image::new().layer(gzip(&[("a", b"x")])).push(registry, "app", "v1");
}

/// What the registry could send before the client hung up: the cap, and what sockets hold.
#[track_caller]
fn read_at_most(registry: &Registry, path: &str, cap: u64) {
    let sent = registry.requests_for("GET", path).iter().map(|request| request.sent).max().expect("a request");
    assert!(sent < cap + (12 << 20), "{path}: {sent} bytes were taken");
}

#[test]
fn an_endless_manifest() {
    let registry = Registry::start();
    push(&registry);
    registry.fault("GET /v2/app/manifests/v1 endless");
    Puller::at(&registry).fails("app:v1", Malformed, "the manifest is longer than 4194304 bytes");
    read_at_most(&registry, "/v2/app/manifests/v1", limits::MANIFEST);
}

#[test]
fn a_manifest_of_just_too_many_bytes() {
    let registry = Registry::start();
    let padded = |n: u64| format!("{{{}}}", " ".repeat(usize::try_from(n).expect("a length") - 2));
    odd::document(&registry, "app", "at", "application/json", &padded(limits::MANIFEST));
    odd::document(&registry, "app", "above", "application/json", &padded(limits::MANIFEST + 1));
    Puller::at(&registry).fails("app:at", Malformed, "neither manifests nor a config");
    Puller::at(&registry).fails("app:above", Malformed, "longer than 4194304 bytes");
}

#[test]
fn an_endless_token() {
    let registry = Registry::builder().bearer().start();
    push(&registry);
    registry.fault("GET /token endless");
    Puller::at(&registry).fails("app:v1", Malformed, "the token answer is longer than");
    read_at_most(&registry, "/token", limits::TOKEN);
}

#[test]
fn endless_errors() {
    for (status, kind) in [(500, Unavailable), (404, ErrorKind::NotFound), (401, Unauthorized)] {
        let registry = Registry::start();
        push(&registry);
        registry.fault(&format!("GET /v2/app/manifests/v1 status={status} endless"));
        Puller::at(&registry).fails("app:v1", kind, &format!("HTTP {status}"));
        read_at_most(&registry, "/v2/app/manifests/v1", limits::ERROR_BODY);
    }
}

#[test]
fn an_endless_challenge_does_not_keep_the_token_waiting() {
    let registry = Registry::builder().bearer().start();
    push(&registry);
    registry.fault("GET /v2/app/manifests/v1 denied endless");
    Puller::with(&registry, &[("max-connections", "1")]).works("app:v1");
}

#[test]
fn an_endless_page_behind_a_redirect_is_not_read() {
    let registry = Registry::start();
    push(&registry);
    registry.fault("GET /v2/app/manifests/v1 once redirect=307:{path} endless");
    Puller::with(&registry, &[("max-connections", "1")]).works("app:v1");
}

#[test]
fn an_endless_head() {
    for path in ["/v2/app/manifests/v1", "/v2/app/blobs/*"] {
        let registry = Registry::start();
        push(&registry);
        registry.fault(&format!("GET {path} headers=endless"));
        Puller::at(&registry).fails("app:v1", Unavailable, "GET");
    }
}

#[test]
fn a_challenge_too_long_to_look_at() {
    let registry = Registry::builder()
        .bearer()
        .challenge(&format!("Bearer realm=\"{{realm}}\",x=\"{}\"", "y".repeat(9_000)))
        .start();
    push(&registry);
    Puller::at(&registry).fails("app:v1", Unauthorized, "HTTP 401");
    assert_eq!(registry.requests().len(), 1);
}
