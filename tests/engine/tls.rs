//! TLS: private authorities are added, never is anything switched off.

use multicloudj_registry::ErrorKind::{InvalidArgument, Unauthorized, Unavailable};
use multicloudj_registry::Settings;

use crate::archive::Kept;
use crate::auth::push;
use crate::fixture::{PASSWORD, Puller, USER};
use crate::support::{Edge, Image, Lie, Registry, gzip};

fn trusting<'a>(ca: &'a str, more: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
    [("trusted-certificates", ca)].into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn a_private_authority_is_trusted_when_named() {
    let registry = Registry::builder().tls().bearer().login(USER, PASSWORD).start();
    let image = push(&registry);
    let ca = registry.ca().to_string_lossy().into_owned();
    let login = [("username", USER), ("password", PASSWORD)];
    Puller::with(&registry, &trusting(&ca, &login)).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 6);
}

#[test]
fn and_only_then() {
    let registry = Registry::builder().tls().basic(USER, PASSWORD).start();
    push(&registry);
    Puller::login(&registry).fails("app:v1", Unavailable, "cannot connect");
    let other = Registry::builder().tls().start();
    let ca = other.ca().to_string_lossy().into_owned();
    Puller::with(&registry, &trusting(&ca, &[])).fails("app:v1", Unavailable, "cannot connect");
    assert!(registry.requests().is_empty(), "not a byte of HTTP was spoken");
}

#[test]
fn plain_http_does_not_speak_to_tls_nor_the_other_way() {
    let tls = Registry::builder().tls().start();
    let plain = Registry::start();
    push(&plain);
    for (url, kind) in [
        (tls.url().replace("https://", "http://"), Unavailable),
        (plain.url().replace("http://", "https://"), Unavailable),
    ] {
        let mut settings = Settings::default();
        settings.set("endpoint", &url).expect("an endpoint");
        let puller = Puller::of(&settings);
        puller.fails("app:v1", kind, "");
    }
    assert!(plain.requests().is_empty(), "there is no falling back");
}

#[test]
fn plain_http_is_for_loopback_only() {
    for endpoint in ["http://10.0.0.1:5000", "http://192.0.2.1", "http://[2001:db8::1]:5000", "http://0.0.0.0:5000"] {
        let mut settings = Settings::default();
        settings.set("endpoint", endpoint).expect("an endpoint");
        let puller = Puller::of(&settings);
        puller.fails("app:v1", InvalidArgument, "plain http is only for loopback");
    }
}

#[test]
fn localhost_is_loopback() {
    let registry = Registry::start();
    let image = push(&registry);
    let mut settings = Settings::default();
    settings.set("endpoint", &registry.url().replace("127.0.0.1", "localhost")).expect("an endpoint");
    let puller = Puller::of(&settings);
    let archive = puller.works("app:v1");
    archive.holds(&image, Kept::ForDocker);
    assert_eq!(archive.repo_tags(), [format!("{}/app:v1", registry.host().replace("127.0.0.1", "localhost"))]);
}

#[test]
fn faults_are_faults_over_tls_too() {
    let registry = Registry::builder().tls().start();
    Image::new().layer(gzip(&[("a", b"x")])).wrong(Edge::Layer(0), Lie::Bytes).push(&registry, "app", "v1");
    let ca = registry.ca().to_string_lossy().into_owned();
    Puller::with(&registry, &trusting(&ca, &[])).fails("app:v1", multicloudj_registry::ErrorKind::Integrity, "");
    registry.fault("GET /v2/app/manifests/v1 cut=10");
    Puller::with(&registry, &trusting(&ca, &[])).fails("app:v1", Unavailable, "");
    registry.reset();
    registry.fault("GET /v2/app/manifests/v1 status=401");
    Puller::with(&registry, &trusting(&ca, &[])).fails("app:v1", Unauthorized, "");
}
