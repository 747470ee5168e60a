//! Settings and pull options: every key, what its values may be, and what does not fit together.

use multicloudj_registry::ErrorKind::InvalidArgument;
use multicloudj_registry::{Client, PullOptions, Result, Settings};

use crate::refused;

fn set(key: &str, value: &str) -> Result<()> {
    Settings::default().set(key, value)
}

fn client(pairs: &[(&str, &str)]) -> Result<Client> {
    let mut settings = Settings::default();
    for (key, value) in pairs {
        settings.set(key, value).unwrap_or_else(|why| panic!("{key}={value}: {why}"));
    }
    Client::new(&settings)
}

#[test]
fn keys_and_values_that_are_taken() {
    for (key, value) in [
        ("provider", "oci"),
        ("provider", "callback"),
        ("provider-id", "anything"),
        ("repository", "team/app"),
        ("endpoint", "https://registry.example.com"),
        ("endpoint", "https://registry.example.com/"),
        ("endpoint", "HTTPS://Registry.Example.com:8443"),
        ("endpoint", "http://localhost:5000"),
        ("endpoint", "https://[2001:db8::7]:5000"),
        ("username", "ci"),
        ("password", "any thing: at all"),
        ("platform", "linux/arm/v7"),
        ("os-features", "win32k, other"),
        ("trusted-certificates", "/any/path.pem"),
        ("trusted-certificates-pem", "-----BEGIN CERTIFICATE-----"),
        ("certs-dir", "/any/folder"),
        ("client-certificate", "/any/path.pem"),
        ("client-key", "/any/path.key"),
        ("proxy-endpoint", "http://me:secret@proxy.example.com:3128"),
        ("proxy-endpoint", "direct"),
        ("no-proxy", "example.com,10.0.0.0/8"),
        ("non-proxy-hosts", "*.example.com|10.*"),
        ("max-connections", "1"),
        ("max-connections", "256"),
        ("trusted-auth-hosts", "auth.example.com, other.example.com:8443"),
    ] {
        set(key, value).unwrap_or_else(|why| panic!("{key}={value}: {why}"));
    }
}

#[test]
fn values_that_break_a_rule() {
    #[rustfmt::skip]
    let table = [
        ("provider",        "aws2",                           "\"aws2\" is unknown"),
        ("provider",        "",                               "is unknown"),
        ("repository",      "Team",                           "\"Team\""),
        ("repository",      "",                               "repository \"\""),
        ("repository",      "host.io:5000/team",              "repository"),
        ("endpoint",        "",                               "not a URL like"),
        ("endpoint",        "registry.example.com",           "not a URL like"),
        ("endpoint",        "registry.example.com:5000",      "not a URL like"),
        ("endpoint",        "ftp://registry.example.com",     "not a URL like"),
        ("endpoint",        "file:///etc/passwd",             "not a URL like"),
        ("endpoint",        "https://",                       "not a URL like"),
        ("endpoint",        "https://host/path",              "the path belongs to the repository"),
        ("endpoint",        "https://host/v2/",               "the path belongs to the repository"),
        ("endpoint",        "https://host/?x=y",              "scheme and authority"),
        ("endpoint",        "https://host/#x",                "scheme and authority"),
        ("endpoint",        "https://user@host",              "user and password do not belong"),
        ("endpoint",        "https://user:pw@host",           "user and password do not belong"),
        ("endpoint",        "https://host:99999",             "not a URL like"),
        ("platform",        "linux",                          "\"linux\""),
        ("max-connections", "0",                              "1 to 256"),
        ("max-connections", "257",                            "1 to 256"),
        ("max-connections", "-1",                             "1 to 256"),
        ("max-connections", "many",                           "1 to 256"),
        ("max-connections", "",                               "1 to 256"),
    ];
    for (key, value, rule) in table {
        let why = refused(set(key, value), InvalidArgument, rule).to_string();
        assert!(why.contains(key), "{why} does not name {key}");
    }
}

#[test]
fn unknown_keys_are_named() {
    for key in ["", "endpoints", "Endpoint", "max_connections", "insecure", "skip-verify"] {
        refused(set(key, "x"), InvalidArgument, &format!("option {key:?} is unknown"));
    }
    refused(PullOptions::default().set("tmp", "x"), InvalidArgument, "pull option \"tmp\" is unknown");
}

#[test]
fn options_of_a_pull() {
    for (key, value) in [
        ("platform", "linux/arm64"),
        ("os-features", "win32k"),
        ("layers", "as-stored"),
        ("layers", "uncompressed"),
        ("format", "docker"),
        ("format", "oci"),
        ("durable", "true"),
        ("durable", "false"),
    ] {
        PullOptions::default().set(key, value).unwrap_or_else(|why| panic!("{key}={value}: {why}"));
    }
    for (key, value, rule) in [
        ("layers", "zstd", "as-stored or uncompressed"),
        ("format", "OCI", "docker or oci"),
        ("durable", "yes", "true or false"),
        ("durable", "", "true or false"),
        ("platform", "arm64", "os/arch"),
    ] {
        let why = refused(PullOptions::default().set(key, value), InvalidArgument, rule).to_string();
        assert!(why.contains(key) && why.contains(&format!("{value:?}")), "{why}");
    }
}

#[test]
fn a_login_is_whole_and_says_where_it_may_go() {
    let endpoint = ("endpoint", "https://registry.example.com");
    client(&[endpoint, ("username", "ci"), ("password", "x")]).expect("a login");
    client(&[endpoint]).expect("no login");
    client(&[]).expect("nothing at all");
    refused(client(&[endpoint, ("username", "ci")]), InvalidArgument, "a user needs a password");
    refused(client(&[endpoint, ("password", "x")]), InvalidArgument, "a password needs a user");
    refused(client(&[("username", "ci"), ("password", "x")]), InvalidArgument, "need an endpoint");
    refused(client(&[endpoint, ("username", "a:b"), ("password", "x")]), InvalidArgument, "RFC 7617");
}

#[test]
fn a_provider_outside_the_engine_brings_its_own() {
    let endpoint = ("endpoint", "https://registry.example.com");
    let mine = [("provider", "callback"), ("provider-id", "mine")];
    assert!(client(&[mine[0], mine[1], endpoint]).expect("a provider").desk().is_some());
    assert!(client(&[endpoint]).expect("no provider").desk().is_none());
    refused(client(&mine), InvalidArgument, "provider \"mine\" gave no endpoint");
    let login = [mine[0], mine[1], endpoint, ("username", "ci"), ("password", "x")];
    refused(client(&login), InvalidArgument, "provider \"mine\" has its own credentials");
}

#[test]
fn certificates_are_read_when_the_client_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_string_lossy().into_owned()
    };
    let missing = folder.path().join("missing.pem").to_string_lossy().into_owned();
    let why = refused(client(&[("trusted-certificates", &missing)]), InvalidArgument, "trusted certificates");
    assert!(why.to_string().contains("missing.pem"), "{why}");
    for (name, text) in [
        ("empty.pem", ""),
        ("text.pem", "no certificate\n"),
        ("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"),
        ("unreadable.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    ] {
        let why =
            refused(client(&[("trusted-certificates", &file(name, text))]), InvalidArgument, "trusted certificates");
        assert!(why.to_string().contains(name), "{why}");
    }
}
