//! The desk where pulls wait for a credential that somebody outside the engine supplies.

use multicloudj_registry::ErrorKind::Unauthorized;
use multicloudj_registry::provider::callback::Desk;
use multicloudj_registry::redact::{Credential, Secret};

use crate::archive::{Archive, Kept};
use crate::auth::push;
use crate::fixture::{PASSWORD, Puller, Running, USER, tells, until};
use crate::support::reply::Reply;
use crate::support::words::basic;
use crate::support::{Image, Registry, gzip};

fn puller(registry: &Registry) -> Puller {
    Puller::with(registry, &[("provider", "callback"), ("provider-id", "mine")])
}

fn credential(password: &str) -> Option<Credential> {
    Some(Credential { user: USER.into(), secret: Secret::new(password) })
}

fn desk(puller: &Puller) -> &Desk {
    puller.client.desk().expect("a desk")
}

/// Answers what the pull asks, one after the other, until it ends; returns how often it asked.
fn serve(puller: &Puller, running: &Running, answers: &[Option<Credential>]) -> usize {
    let mut asked = 0;
    until("the end of the pull", || running.task.is_finished() || desk(puller).is_awaited_by(&running.session));
    while !running.task.is_finished() {
        if let Some(claim) = desk(puller).claim(&running.session) {
            claim.answer(answers[asked].clone());
            asked += 1;
        }
        let _ = running.bell.recv_timeout(std::time::Duration::from_millis(1));
    }
    asked
}

#[test]
fn a_pull_asks_once() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    let image = push(&registry);
    let puller = puller(&registry);
    let running = puller.start("app:v1");
    assert_eq!(serve(&puller, &running, &[credential(PASSWORD)]), 1);
    Archive::read(&puller.file(), running.end().expect("the pull works")).holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 5);
}

#[test]
fn the_bell_rings_when_somebody_is_needed() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let puller = puller(&registry);
    let running = puller.start("app:v1");
    let patience = std::time::Duration::from_secs(60);
    while !desk(&puller).is_awaited_by(&running.session) {
        running.bell.recv_timeout(patience).expect("the bell");
    }
    running.session.cancel().cancel();
    running.end().expect_err("it was cancelled");
}

#[test]
fn the_next_pull_asks_anew() {
    // A provider's token may live for an hour, or for a minute: it knows, the engine does not.
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let puller = puller(&registry);
    for _ in 0..3 {
        let running = puller.start("app:v1");
        assert_eq!(serve(&puller, &running, &[credential(PASSWORD)]), 1);
        running.end().expect("the pull works");
    }
}

#[test]
fn two_pulls_share_a_request() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let puller = puller(&registry);
    let (one, other) = (puller.start("app:v1"), puller.start_to("app:v1", &puller.folder().join("other.tar")));
    let desk = desk(&puller);
    until("both pulls", || desk.is_awaited_by(&one.session) && desk.is_awaited_by(&other.session));
    let claim = desk.claim(&other.session).expect("either may answer");
    assert!(desk.claim(&one.session).is_none(), "one at a time");
    claim.answer(credential(PASSWORD));
    assert!(!desk.is_awaited_by(&one.session), "answered, though its task may not know yet");
    one.end().expect("the pull works");
    other.end().expect("the pull works");
}

#[test]
fn who_gives_up_leaves_the_request_to_the_next() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let puller = puller(&registry);
    let (one, other) = (puller.start("app:v1"), puller.start_to("app:v1", &puller.folder().join("other.tar")));
    let desk = desk(&puller);
    until("both pulls", || desk.is_awaited_by(&one.session) && desk.is_awaited_by(&other.session));
    let claim = desk.claim(&one.session).expect("a request");
    assert!(desk.claim(&other.session).is_none());
    // Its supplier throws, and its pull ends.
    drop(claim);
    one.session.cancel().cancel();
    one.end().expect_err("it was cancelled");
    desk.claim(&other.session).expect("the request is still there").answer(credential(PASSWORD));
    other.end().expect("the pull works");
}

#[test]
fn who_does_not_wait_may_not_answer() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let puller = puller(&registry);
    let (idle, _bell) = multicloudj_registry::Session::new(tokio_util::sync::CancellationToken::new());
    assert!(desk(&puller).claim(&idle).is_none());
    let running = puller.start("app:v1");
    until("the request", || desk(&puller).is_awaited_by(&running.session));
    assert!(desk(&puller).claim(&idle).is_none());
    assert_eq!(serve(&puller, &running, &[credential(PASSWORD)]), 1);
    running.end().expect("the pull works");
}

#[test]
fn nobody_is_asked_where_nothing_is_needed() {
    let registry = Registry::start();
    push(&registry);
    let puller = puller(&registry);
    let running = puller.start("app:v1");
    assert_eq!(serve(&puller, &running, &[]), 0);
    running.end().expect("the pull works");
}

#[test]
fn an_anonymous_answer() {
    let registry = Registry::builder().bearer().login(USER, PASSWORD).anonymous_too().start();
    push(&registry);
    let puller = puller(&registry);
    let running = puller.start("app:v1");
    assert_eq!(serve(&puller, &running, &[None]), 1);
    running.end().expect("the pull works");
    assert_eq!(registry.requests_for("GET", "/token")[0].authorization(), None);
    // With Basic there is nothing that anonymous could mean.
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let puller = self::puller(&registry);
    let running = puller.start("app:v1");
    let asked = serve(&puller, &running, &[None, None]);
    tells(&running.end().expect_err("no login"), Unauthorized, "HTTP 401");
    assert_eq!(asked, 1);
    assert_eq!(registry.requests().len(), 1);
}

#[test]
fn a_refused_answer_is_asked_for_once_more() {
    for builder in [Registry::builder().basic(USER, PASSWORD), Registry::builder().bearer().login(USER, PASSWORD)] {
        let registry = builder.start();
        push(&registry);
        let puller = puller(&registry);
        let running = puller.start("app:v1");
        assert_eq!(serve(&puller, &running, &[credential("expired"), credential(PASSWORD)]), 2);
        running.end().expect("the second one is good");

        let running = puller.start("app:v1");
        assert_eq!(serve(&puller, &running, &[credential("wrong"), credential("wrong too"), None]), 2);
        tells(&running.end().expect_err("two wrong ones"), Unauthorized, "HTTP 401");
    }
}

#[test]
fn many_layers_that_are_refused_ask_once() {
    // The old credential expires right after the config.
    let registry = Registry::start();
    let layers = (0..12u8).map(|n| gzip(&[("file", &[n; 100])]));
    let image = layers.fold(Image::new(), Image::layer).push(&registry, "app", "many");
    let config = image.config_digest.clone();
    registry.on("GET /v2/app/*", move |reply, scene| {
        let sent = scene.request.header("authorization").map(str::to_owned);
        let early = scene.request.path.contains("manifests") || scene.request.path.ends_with(&config);
        let good = if early { sent.is_some() } else { sent == Some(basic(USER, PASSWORD)) };
        if !good {
            reply.become_(Reply::status(401).with("WWW-Authenticate", "Basic realm=\"r\""));
        }
    });
    let puller = puller(&registry);
    let running = puller.start("app:many");
    let answers = [credential("expired"), credential(PASSWORD), None];
    assert_eq!(serve(&puller, &running, &answers), 2, "once at the start, once for all layers");
    running.end().expect("the pull works");
}
