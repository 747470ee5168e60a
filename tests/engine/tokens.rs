//! Tokens: for what they are bought, how long they are used, and that many who need one buy one.

use std::sync::mpsc::channel;

use multicloudj_registry::ErrorKind::{Malformed, Unauthorized};

use crate::archive::Kept;
use crate::auth::push;
use crate::fixture::{PASSWORD, Puller, USER, until};
use crate::support::auth::Field;
use crate::support::words::values;
use crate::support::{Image, Registry, gzip};

fn scopes(registry: &Registry) -> Vec<Vec<String>> {
    registry.requests_for("GET", "/token").iter().map(|request| values(&request.query, "scope")).collect()
}

#[test]
fn an_expired_token_is_renewed_once() {
    let registry = Registry::builder().bearer().start();
    let image = push(&registry);
    let puller = Puller::at(&registry);
    puller.works("app:v1");
    registry.reset();
    registry.expire_tokens();
    puller.works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.count("GET", "/token"), 1);
    assert_eq!(registry.requests().len(), 6, "refused, token, manifest, config, two layers");
}

#[test]
fn a_bare_401_is_answered_as_the_one_before() {
    let registry = Registry::builder().bearer().start();
    let image = push(&registry);
    let puller = Puller::at(&registry);
    puller.works("app:v1");
    registry.expire_tokens();
    registry.fault("GET /v2/* denied drop-header=WWW-Authenticate");
    puller.works("app:v1").holds(&image, Kept::ForDocker);
}

#[test]
fn twelve_layers_that_find_the_token_expired_buy_one() {
    let registry = Registry::builder().bearer().start();
    let layers: Vec<_> = (0..12u8).map(|n| gzip(&[("file", &[n; 100])])).collect();
    let image = layers.into_iter().fold(Image::new(), Image::layer).push(&registry, "app", "many");
    // The token dies while the config is on its way: by then no layer has been asked for.
    let (at_config, config_asked) = channel();
    let (go_on, may_go_on) = channel();
    let (at_config, may_go_on) = (std::sync::Mutex::new(at_config), std::sync::Mutex::new(may_go_on));
    registry.on(&format!("GET /v2/app/blobs/{} once", image.config_digest), move |_, _| {
        let _ = at_config.lock().expect("one user").send(());
        let _ = may_go_on.lock().expect("one user").recv();
    });
    let puller = Puller::at(&registry);
    let running = puller.start("app:many");
    config_asked.recv().expect("the config is asked for");
    registry.expire_tokens();
    go_on.send(()).expect("the registry waits");
    running.end().expect("the pull works");
    assert_eq!(registry.count("GET", "/token"), 2, "one at the start, one for all layers");
    let refused = registry.requests().iter().filter(|request| request.status == 401).count();
    assert!((2..=1 + 12).contains(&refused), "each layer at most once: {refused}");
}

#[test]
fn many_pulls_that_start_together_buy_one() {
    let registry = Registry::builder().bearer().start();
    push(&registry);
    let puller = Puller::at(&registry);
    let running: Vec<_> =
        (0..12).map(|n| puller.start_to("app:v1", &puller.folder().join(format!("{n}.tar")))).collect();
    running.into_iter().for_each(|pull| drop(pull.end().expect("the pull works")));
    assert_eq!(registry.count("GET", "/token"), 1);
}

#[test]
fn a_token_that_is_never_good_is_not_asked_for_again_and_again() {
    let registry = Registry::builder().bearer().token_lifetime(0).start();
    push(&registry);
    Puller::at(&registry).fails("app:v1", Unauthorized, "HTTP 401");
    assert_eq!(registry.requests().len(), 3, "asked, token, refused");
}

#[test]
fn too_narrow_a_token_is_a_refusal() {
    let line = "Bearer realm=\"{realm}\",service=\"{service}\",scope=\"narrow\"";
    let registry = Registry::builder().bearer().challenge(line).start();
    push(&registry);
    Puller::at(&registry).fails("app:v1", Unauthorized, "HTTP 401");
    assert_eq!(registry.requests().len(), 3, "asked, token, refused");
}

#[test]
fn each_repository_has_its_own() {
    let registry = Registry::builder().bearer().start();
    push(&registry);
    Image::new().push(&registry, "other", "v1");
    let puller = Puller::at(&registry);
    for reference in ["app:v1", "other:v1", "app:v1"] {
        puller.works(reference);
    }
    assert_eq!(scopes(&registry), [["repository:app:pull"], ["repository:other:pull"]]);
}

#[test]
fn a_scope_wider_or_other_than_the_pull_is_not_bought() {
    for scope in ["repository:app:pull,push", "repository:*:*", "repository:victim:delete repository:app:pull"] {
        let line = format!("Bearer realm=\"{{realm}}\",service=\"{{service}}\",scope=\"{scope}\"");
        let registry = Registry::builder().bearer().challenge(&line).start();
        let image = push(&registry);
        Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
        assert_eq!(scopes(&registry), [["repository:app:pull"]], "{scope}");
    }
}

#[test]
fn a_registrys_own_word_for_a_scope() {
    // ECR Public says `aws`.
    let line = "Bearer realm=\"{realm}\",service=\"{service}\",scope=\"aws\"";
    let registry = Registry::builder().bearer().unscoped_tokens().challenge(line).start();
    let image = push(&registry);
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(scopes(&registry), [["aws"]]);
}

#[test]
fn nothing_can_be_smuggled_into_the_token_request() {
    let line = "Bearer realm=\"{realm}?client=x\",service=\"a&account=root#\",scope=\"b&c=d#e\"";
    let registry = Registry::builder().bearer().unscoped_tokens().challenge(line).start();
    let image = push(&registry);
    Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    let query = &registry.requests_for("GET", "/token")[0].query;
    assert_eq!(values(query, "client"), ["x"], "what the realm has stays");
    assert_eq!(
        (values(query, "service"), values(query, "scope")),
        (vec!["a&account=root#".into()], vec!["b&c=d#e".into()])
    );
    assert!(values(query, "account").is_empty() && values(query, "c").is_empty(), "{query}");
}

#[test]
fn either_field_and_any_lifetime() {
    for field in [Field::Token, Field::AccessToken, Field::Both] {
        let registry = Registry::builder().bearer().token_field(field).issued_at("2001-01-01T00:00:00Z").start();
        let image = push(&registry);
        Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
        assert_eq!(registry.count("GET", "/token"), 1, "{field:?}; a wrong clock does not matter");
    }
    for announced in [None, Some(0), Some(1), Some(u64::MAX)] {
        let registry = Registry::builder().bearer().announced_lifetime(announced).start();
        let image = push(&registry);
        Puller::at(&registry).works("app:v1").holds(&image, Kept::ForDocker);
    }
}

#[test]
fn answers_that_are_no_token() {
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"x\"",
        "<html>",
        "{}",
        "{'token':''}",
        "{'token':null}",
        "{'token':7}",
        "{'token':'x','expires_in':[]}",
    ] {
        let registry = Registry::builder().bearer().start();
        push(&registry);
        registry.fault(&format!("GET /token body=\"{}\"", body.replace('\'', "\\\"").replace("\"x\"", "\\\"x\\\"")));
        let why = Puller::at(&registry).fails("app:v1", Malformed, "get a token from");
        assert!(why.to_string().contains("/token"), "{body}: {why}");
        assert_eq!(registry.requests().len(), 2, "{body}");
    }
}

#[test]
fn what_an_answer_says_is_not_told() {
    // It may be a token in a shape we do not know.
    let registry = Registry::builder().bearer().start();
    push(&registry);
    registry.fault("GET /token body=\"{\\\"token\\\":[\\\"token-secret-1\\\"]}\"");
    Puller::at(&registry).fails("app:v1", Malformed, "no JSON token answer");
}

#[test]
fn a_cancelled_buyer_leaves_the_others_free() {
    let registry = Registry::builder().bearer().start();
    let image = push(&registry);
    registry.fault("GET /token once stall=0");
    let puller = Puller::at(&registry);
    let first = puller.start("app:v1");
    until("the first token request", || registry.count("GET", "/token") == 1);
    let second = puller.start_to("app:v1", &puller.folder().join("second.tar"));
    first.session.cancel().cancel();
    first.end().expect_err("it was cancelled");
    second.end().expect("the second one buys for itself");
    assert_eq!(image.layers.len(), 2);
    assert_eq!(registry.count("GET", "/token"), 2);
}

#[test]
fn a_token_service_that_moved_is_found_again() {
    for gone in ["reset", "status=404"] {
        let registry = Registry::builder().bearer().realm_on_other_origin().token_lifetime(1).start();
        let image = push(&registry);
        let puller = Puller::with(&registry, &[("retry-attempts", "2"), ("retry-initial-delay", "1")]);
        puller.works("app:v1");
        // Of a token's one second a half is used.
        std::thread::sleep(std::time::Duration::from_millis(600));
        registry.fault(&format!(
            "GET other:/token {gone}\n\
             GET /v2/* denied status=401 \"header=WWW-Authenticate: Bearer realm={{self}}/token,service=x\""
        ));
        puller.works("app:v1").holds(&image, Kept::ForDocker);
        assert!(registry.count("GET", "/token") > 0, "{gone}: the one that the registry names now");
    }
}

#[test]
fn basic_where_the_token_service_cannot_be_asked() {
    // As behind a proxy that ends TLS and a registry that does not know of it.
    let registry = Registry::builder()
        .basic(USER, PASSWORD)
        .tls()
        .challenge("Bearer realm=\"http://127.0.0.1:1/token\",service=\"x\"")
        .challenge("Basic realm=\"x\"")
        .start();
    let image = push(&registry);
    let ca = registry.ca().to_string_lossy().into_owned();
    let more = [("username", USER), ("password", PASSWORD), ("trusted-certificates", ca.as_str())];
    Puller::with(&registry, &more).works("app:v1").holds(&image, Kept::ForDocker);
}
