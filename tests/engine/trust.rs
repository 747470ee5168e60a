//! Token services that are not the registry: what they are asked, and what they never get.

use multicloudj_registry::ErrorKind::Unauthorized;

use crate::archive::Kept;
use crate::auth::push;
use crate::fixture::{PASSWORD, Puller, USER};
use crate::support::words::basic;
use crate::support::{Registry, registry::Builder};

fn elsewhere() -> Builder {
    Registry::builder().bearer().login(USER, PASSWORD).realm_on_other_origin()
}

#[test]
fn the_password_is_not_sent_elsewhere() {
    let registry = elsewhere().start();
    push(&registry);
    let why = Puller::login(&registry).fails("app:v1", Unauthorized, "was not sent to").to_string();
    assert!(why.contains(registry.url()) && why.contains(registry.other_url()), "{why} names both");
    let asked = registry.requests_for("GET", "other:/token");
    assert_eq!((asked.len(), asked[0].authorization()), (1, None), "asked, but without");
    assert_eq!(registry.requests().len(), 2);
}

#[test]
fn an_anonymous_token_from_elsewhere_is_fine() {
    let registry = elsewhere().anonymous_too().start();
    let image = push(&registry);
    Puller::login(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    assert!(registry.requests_for("*", "other:*").iter().all(|request| request.authorization().is_none()));
    assert!(registry.requests().iter().all(|request| request.authorization() != Some(&*basic(USER, PASSWORD))));
}

#[test]
fn a_host_that_the_user_named_gets_it() {
    let registry = elsewhere().start();
    let image = push(&registry);
    let host = registry.other_url().strip_prefix("http://").expect("plain http").to_owned();
    let login = [("username", USER), ("password", PASSWORD)];
    let named = [login[0], login[1], ("trusted-auth-hosts", &*host)];
    Puller::with(&registry, &named).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests_for("GET", "other:/token")[0].authorization(), Some(&*basic(USER, PASSWORD)));

    // A name without its port, or with another one, is another host.
    for other in ["127.0.0.1", "127.0.0.1:1", "localhost", "*", ""] {
        registry.reset();
        let named = [login[0], login[1], ("trusted-auth-hosts", other)];
        Puller::with(&registry, &named).fails("app:v1", Unauthorized, "was not sent to");
        assert!(registry.requests_for("*", "other:*").iter().all(|request| request.authorization().is_none()));
    }
}

#[test]
fn realms_that_are_not_asked_at_all() {
    for realm in [
        "http://169.254.169.254/latest/meta-data/",
        "https://100.100.100.200/token",
        "http://127.0.0.2/token",
        "http://10.0.0.1/token",
        "http://user:pw@127.0.0.1/token",
        "ftp://127.0.0.1/token",
        "/token",
        "",
    ] {
        let registry = Registry::builder().bearer().login(USER, PASSWORD).realm(realm).start();
        push(&registry);
        let why = Puller::login(&registry).fails("app:v1", Unauthorized, "names a token service that");
        assert!(why.to_string().contains(registry.url()) && !why.to_string().contains("pw"), "{why}");
        assert_eq!(registry.requests().len(), 1, "{realm}");
    }
}

#[test]
fn a_token_service_does_not_send_us_on() {
    let registry = Registry::builder().bearer().login(USER, PASSWORD).start();
    push(&registry);
    for target in ["other:/token", "{self}/token?again"] {
        registry.reset();
        registry.fault(&format!("GET /token once redirect=307:{target}"));
        let puller = Puller::login(&registry);
        let before = puller.listing();
        puller.pull_to("app:v1", &puller.file()).expect_err("a redirect is no token");
        assert_eq!(puller.listing(), before);
        assert_eq!((registry.count("*", "other:*"), registry.count("GET", "/token")), (0, 1), "{target}");
    }
}

#[test]
fn an_https_registry_names_no_http_realm() {
    let plain = Registry::builder().bearer().login(USER, PASSWORD).start();
    let realm = format!("{}/token", plain.url());
    let registry = Registry::builder().tls().bearer().login(USER, PASSWORD).realm(&realm).start();
    push(&registry);
    let ca = registry.ca().to_string_lossy().into_owned();
    let puller = Puller::with(&registry, &[("username", USER), ("password", PASSWORD), ("trusted-certificates", &ca)]);
    puller.fails("app:v1", Unauthorized, "is not https");
    assert!(plain.requests().is_empty());
}

#[test]
fn a_token_goes_only_to_the_registry_that_asked() {
    let registry = Registry::builder().bearer().start();
    let image = push(&registry);
    registry.fault("GET /v2/app/blobs/* redirect=307:other:{path}");
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.count("GET", "other:/v2/app/blobs/*"), 3);
    assert!(registry.requests_for("*", "other:*").iter().all(|request| request.authorization().is_none()));
}
