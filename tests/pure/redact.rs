//! What must not be printed cannot be printed.

use multicloudj_registry::redact::{Credential, Secret, shown};
use multicloudj_registry::transport::auth::token::Key;
use multicloudj_registry::transport::http::Get;
use multicloudj_registry::{Client, Settings};
use url::Url;

const CANARY: &str = "canary-5cr3t";

#[track_caller]
fn hidden(text: &str) {
    assert!(!text.contains(CANARY), "the secret is printed: {text}");
}

#[test]
fn secrets_have_no_text() {
    let secret = Secret::new(CANARY);
    hidden(&format!("{secret:?} {secret:#?}"));
    assert_eq!(secret.expose(), CANARY);
    let credential = Credential { user: "ci".into(), secret };
    hidden(&format!("{credential:?}"));
    assert!(format!("{credential:?}").contains("ci"), "the name is no secret");
}

#[test]
fn urls_are_shown_without_what_signs_them() {
    #[rustfmt::skip]
    let table = [
        ("https://host/path",                                "https://host/path"),
        ("https://host:8443/a/b?X-Amz-Signature=canary-5cr3t&x=1", "https://host:8443/a/b?…"),
        ("https://host/path#canary-5cr3t",                   "https://host/path"),
        ("https://user:canary-5cr3t@host/path",              "https://host/path"),
        ("https://canary-5cr3t@host/?canary-5cr3t#canary-5cr3t", "https://host/?…"),
        ("http://[::1]:5000/v2/",                            "http://[::1]:5000/v2/"),
    ];
    for (url, expected) in table {
        assert_eq!(shown(&Url::parse(url).expect(url)), expected);
    }
}

#[test]
fn settings_and_clients_hide_the_password() {
    let mut settings = Settings::default();
    for (key, value) in [("endpoint", "https://registry.example.com"), ("username", "ci"), ("password", CANARY)] {
        settings.set(key, value).expect(key);
    }
    hidden(&format!("{settings:?} {settings:#?}"));
    let client = Client::new(&settings).expect("settings that fit together");
    hidden(&format!("{client:?} {client:#?}"));
}

#[test]
fn a_bad_endpoint_is_shown_without_its_password() {
    for endpoint in [
        format!("https://user:{CANARY}@host"),
        format!("https://{CANARY}@host/path"),
        format!("https://user:{CANARY}@"),
        format!("user:{CANARY}@host"),
        format!("https://us@er:{CANARY}@host:x"),
    ] {
        let why = Settings::default().set("endpoint", &endpoint).expect_err(&endpoint);
        hidden(&why.to_string());
        hidden(&format!("{why:?} {:?}", why.causes()));
    }
}

#[test]
fn requests_and_keys_hide_signatures_when_they_are_debugged() {
    let url = Url::parse(&format!("https://cdn.example.com/blob?X-Amz-Signature={CANARY}")).expect("a URL");
    let request = Get { authorization: Some(Secret::new(CANARY)), ..Get::new(url.clone()) };
    hidden(&format!("{request:?}"));
    let key = Key { realm: url, service: "s".into(), scope: "x".into(), generation: 0 };
    hidden(&format!("{key:?}"));
}
