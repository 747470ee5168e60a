//! Logins: when a credential is sent, to whom, and how few requests a wrong one costs.

use multicloudj_registry::ErrorKind::Unauthorized;

use crate::archive::Kept;
use crate::fixture::{PASSWORD, Puller, USER};
use crate::support::words::basic;
use crate::support::{Image, Pushed, Registry, gzip};

pub(crate) fn push(registry: &Registry) -> Pushed {
    Image::new().layer(gzip(&[("a", b"first")])).layer(gzip(&[("b", b"second")])).push(registry, "app", "v1")
}

fn wrong(registry: &Registry) -> Puller {
    Puller::with(registry, &[("username", USER), ("password", "wrong")])
}

#[test]
fn basic_is_sent_once_it_was_asked_for() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    let image = push(&registry);
    let puller = Puller::login(&registry);
    puller.works("app:v1").holds(&image, Kept::ForDocker);

    let sent: Vec<_> = registry.requests().iter().map(|r| r.authorization().map(str::to_owned)).collect();
    let login = Some(basic(USER, PASSWORD));
    assert_eq!(sent, [None, login.clone(), login.clone(), login.clone(), login.clone()]);
    // From now on it is known.
    registry.reset();
    puller.works("app:v1");
    assert_eq!(registry.requests().len(), 4);
    assert!(registry.requests().iter().all(|r| r.authorization().map(str::to_owned) == login));
}

#[test]
fn a_wrong_password_is_tried_once() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let puller = wrong(&registry);
    let why = puller.fails("app:v1", Unauthorized, "HTTP 401");
    assert_eq!(why.http_status(), Some(401));
    assert_eq!(registry.requests().len(), 2, "without, and with: no third, which could lock the account");
    puller.fails("app:v1", Unauthorized, "HTTP 401");
    assert_eq!(registry.requests().len(), 3, "the challenge is known by then");
}

#[test]
fn no_login_where_one_is_needed() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    Puller::at(&registry).fails("app:v1", Unauthorized, "HTTP 401");
    assert_eq!(registry.requests().len(), 1);
}

#[test]
fn a_token_is_bought_once() {
    let registry = Registry::builder().bearer().start();
    let image = push(&registry);
    let puller = Puller::at(&registry);
    puller.works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 6, "asked, token, manifest, config, two layers");
    let token = &registry.requests_for("GET", "/token")[0];
    assert_eq!(token.authorization(), None);
    assert_eq!(token.query, "service=test.registry%3A443&scope=repository%3Aapp%3Apull");

    registry.reset();
    puller.works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 4, "challenge and token are known");
}

#[test]
fn the_password_buys_the_token_and_goes_nowhere_else() {
    let registry = Registry::builder().bearer().login(USER, PASSWORD).start();
    let image = push(&registry);
    Puller::login(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    for request in registry.requests() {
        match request.path.as_str() {
            "/token" => assert_eq!(request.authorization(), Some(&*basic(USER, PASSWORD))),
            _ => assert!(request.authorization().is_none_or(|value| value.starts_with("Bearer "))),
        }
    }
    assert_eq!(registry.requests().len(), 6);
}

#[test]
fn a_wrong_password_buys_no_token() {
    let registry = Registry::builder().bearer().login(USER, PASSWORD).start();
    push(&registry);
    let why = wrong(&registry).fails("app:v1", Unauthorized, "incorrect username or password");
    assert!(why.to_string().contains("get a token from"), "{why}");
    assert_eq!(registry.requests().len(), 2, "asked, token");
}

#[test]
fn bearer_before_basic() {
    let both = Registry::builder().bearer().login(USER, PASSWORD).challenge("Basic realm=\"r\"");
    let registry = both.challenge("Bearer realm=\"{realm}\",service=\"{service}\",scope=\"{scope}\"").start();
    let image = push(&registry);
    Puller::login(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.count("GET", "/token"), 1);
}

#[test]
fn an_unknown_scheme_is_passed_over() {
    let line = "Negotiate, Digest realm=\"a, b\", nonce=\"x\", Basic realm=\"r\"";
    let registry = Registry::builder().basic(USER, PASSWORD).challenge(line).start();
    let image = push(&registry);
    Puller::login(&registry).works("app:v1").holds(&image, Kept::ForDocker);
}

#[test]
fn a_challenge_nobody_can_answer() {
    for line in ["Negotiate", "", "Bearer", "Bearer realm=\"x"] {
        let registry = Registry::builder().basic(USER, PASSWORD).challenge(line).start();
        push(&registry);
        Puller::login(&registry).fails("app:v1", Unauthorized, "HTTP 401");
        assert_eq!(registry.requests().len(), 1, "{line}");
    }
}

#[test]
fn forbidden_is_not_a_question() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    registry.fault("GET /v2/app/manifests/* status=403");
    let why = Puller::login(&registry).fails("app:v1", Unauthorized, "DENIED");
    assert_eq!(why.http_status(), Some(403));
    assert_eq!(registry.requests().len(), 2, "without a login, with it");
}

#[test]
fn credentials_that_no_header_can_carry_reach_no_wire() {
    // In a token: the registry's own doing.
    let registry = Registry::builder().bearer().start();
    push(&registry);
    registry.fault("GET /token body=\"{\\\"token\\\":\\\"a\\\\r\\\\nX-Evil: 1\\\"}\"");
    Puller::at(&registry).fails("app:v1", Unauthorized, "no HTTP header can carry");
    assert!(registry.requests().iter().all(|request| request.header("x-evil").is_none()));
    // A password may be anything: it is encoded.
    let odd = "pass\r\nwörd: \u{1f512}";
    let registry = Registry::builder().basic(USER, odd).start();
    let image = push(&registry);
    Puller::with(&registry, &[("username", USER), ("password", odd)]).works("app:v1").holds(&image, Kept::ForDocker);
}
