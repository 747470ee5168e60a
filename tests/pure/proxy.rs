//! Which requests go through a proxy: the forms of NO_PROXY and of Java's nonProxyHosts, and what wins over what.

use multicloudj_registry::ErrorKind::InvalidArgument;
use multicloudj_registry::proxy::{Exceptions, Proxy, Rules};
use proptest::prelude::*;
use url::Url;

use crate::refused;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

#[test]
fn no_proxy() {
    #[rustfmt::skip]
    let table = [
        // A host and all below it, with or without a dot in front.
        ("example.com",           "https://example.com",           true),
        ("example.com",           "https://a.b.example.com",       true),
        ("example.com",           "https://notexample.com",        false),
        ("example.com",           "https://example.com.evil.io",   false),
        ("example.com",           "https://example.org",           false),
        (".example.com",          "https://example.com",           true),
        (".example.com",          "https://a.example.com",         true),
        (".example.com",          "https://notexample.com",        false),
        ("EXAMPLE.com",           "https://Example.COM",           true),
        ("example.com.",          "https://example.com",           true),
        ("example.com",           "https://example.com.",          true),
        ("bücher.example",        "https://xn--bcher-kva.example", true),
        ("registry",              "https://registry:5000",         true),
        ("com",                   "https://example.com",           true),
        // All.
        ("*",                     "https://example.com",           true),
        ("*",                     "https://10.0.0.1",              true),
        ("a.io, *",               "https://example.com",           true),
        // Patterns.
        ("*.example.com",         "https://a.example.com",         true),
        ("*.example.com",         "https://example.com",           false),
        ("10.*",                  "https://10.1.2.3",              true),
        ("10.*",                  "https://110.1.2.3",             false),
        ("reg*.example.com",      "https://registry.example.com",  true),
        // Addresses and networks; names are not resolved.
        ("192.0.2.7",             "https://192.0.2.7",             true),
        ("192.0.2.7",             "https://192.0.2.70",            false),
        ("192.0.2.7",             "https://0xc0.0.2.7",            true),
        ("192.0.2.0/24",          "https://192.0.2.255",           true),
        ("192.0.2.0/24",          "https://192.0.3.0",             false),
        ("0.0.0.0/0",             "https://203.0.113.9",           true),
        ("0.0.0.0/0",             "https://example.com",           false),
        ("0.2.7",                 "https://192.0.2.7",             false),
        ("2001:db8::/32",         "https://[2001:db8::1]",         true),
        ("2001:db8::/32",         "https://[2001:db9::1]",         false),
        ("2001:db8::1",           "https://[2001:db8::1]:5000",    true),
        ("[2001:db8::1]",         "https://[2001:db8::1]",         true),
        ("192.0.2.7",             "https://[::ffff:192.0.2.7]",    true),
        ("::ffff:192.0.2.7",      "https://192.0.2.7",             true),
        // Ports.
        ("example.com:8443",      "https://example.com:8443",      true),
        ("example.com:8443",      "https://a.example.com:8443",    true),
        ("example.com:8443",      "https://example.com",           false),
        ("example.com:443",       "https://example.com",           true),
        ("192.0.2.7:5000",        "https://192.0.2.7:5000",        true),
        ("192.0.2.7:5000",        "https://192.0.2.7",             false),
        ("192.0.2.0/24:5000",     "https://192.0.2.7:5000",        true),
        ("[2001:db8::1]:5000",    "https://[2001:db8::1]:5000",    true),
        ("[2001:db8::1]:5000",    "https://[2001:db8::1]",         false),
        ("*.example.com:8443",    "https://a.example.com:8443",    true),
        // Lists.
        ("a.io,example.com",      "https://example.com",           true),
        ("a.io example.com",      "https://example.com",           true),
        (" , a.io ,\texample.com","https://example.com",           true),
        ("",                      "https://example.com",           false),
        (",, ,",                  "https://example.com",           false),
        // Nonsense covers nothing.
        (".",                     "https://example.com",           false),
        (":",                     "https://example.com",           false),
        ("example.com:https",     "https://example.com",           false),
        ("https://example.com",   "https://example.com",           false),
        ("192.0.2.0/33",          "https://192.0.2.7",             false),
        ("[",                     "https://example.com",           false),
    ];
    for (list, host, covered) in table {
        assert_eq!(Exceptions::parse(list).cover(&url(host)), covered, "NO_PROXY={list:?} and {host}");
    }
}

#[test]
fn non_proxy_hosts() {
    #[rustfmt::skip]
    let table = [
        ("example.com",           "https://example.com",     true),
        ("example.com",           "https://a.example.com",   false),
        ("*.example.com",         "https://a.example.com",   true),
        ("*.example.com",         "https://example.com",     false),
        ("10.*|Example.com",      "https://10.9.8.7",        true),
        ("10.*|Example.com",      "https://example.com:8443", true),
        ("10.* | example.com",    "https://example.com",     true),
        ("*",                     "https://example.com",     true),
        ("[2001:db8::1]",         "https://[2001:db8::1]",   true),
        ("example.com,a.io",      "https://example.com",     false),
        ("",                      "https://example.com",     false),
    ];
    for (list, host, covered) in table {
        assert_eq!(Exceptions::parse_java(list).cover(&url(host)), covered, "nonProxyHosts={list:?} and {host}");
    }
}

#[test]
fn proxies_that_are_taken() {
    #[rustfmt::skip]
    let table = [
        ("http://proxy.example.com:3128",    "http://proxy.example.com:3128", None),
        ("http://proxy.example.com:3128/",   "http://proxy.example.com:3128", None),
        ("https://proxy.example.com",        "https://proxy.example.com",     None),
        ("proxy.example.com:3128",           "http://proxy.example.com:3128", None),
        ("localhost:3128",                   "http://localhost:3128",         None),
        ("10.0.0.7",                         "http://10.0.0.7",               None),
        ("http://[2001:db8::1]:3128",        "http://[2001:db8::1]:3128",     None),
        ("http://me:secret@proxy:3128",      "http://proxy:3128",             Some("Basic bWU6c2VjcmV0")),
        ("me:secret@proxy:3128",             "http://proxy:3128",             Some("Basic bWU6c2VjcmV0")),
        ("http://me@proxy",                  "http://proxy",                  Some("Basic bWU6")),
        ("http://d%C3%B6m%5Cme:p%40%3Aw@proxy", "http://proxy",               Some("Basic ZMO2bVxtZTpwQDp3")),
        ("http://me:50%@proxy",              "http://proxy",                  Some("Basic bWU6NTAl")),
    ];
    for (text, shown, login) in table {
        let proxy = Proxy::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!((proxy.to_string().as_str(), format!("{proxy:?}").as_str()), (shown, shown));
        assert_eq!(proxy.authorization().map(|login| login.expose()), login, "{text}");
        assert!(!proxy.url().as_str().contains('@'));
    }
}

#[test]
fn proxies_that_are_not() {
    for (text, words) in [
        ("", "not a URL"),
        ("http://", "not a URL"),
        ("http://me:canary@", "not a URL"),
        ("http://me:canary/x@proxy:3128", "not a URL"),
        ("http://proxy:99999", "not a URL"),
        ("socks5://me:canary@proxy", "only http and https proxies"),
        ("ftp://proxy", "only http and https proxies"),
        ("http://me:canary@proxy/path", "nothing else"),
        ("http://me:canary@proxy?x", "nothing else"),
        ("http://me:%FF@proxy", "not UTF-8"),
        ("http://a%3Ab:canary@proxy", "RFC 7617"),
    ] {
        let why = refused(Proxy::parse(text), InvalidArgument, words).to_string();
        assert!(!why.contains("canary"), "{why}");
        refused(Rules::default().set("proxy-endpoint", text), InvalidArgument, words);
    }
}

/// Rules of these settings and this environment.
fn rules(settings: &[(&str, &str)], environment: &[(&str, &str)]) -> Rules {
    let mut rules = Rules::default();
    for (key, value) in settings {
        assert!(rules.set(key, value).expect("a value"), "{key}");
    }
    rules.inherit(|name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()));
    rules
}

#[test]
fn what_wins() {
    const HOST: &str = "https://registry.example.com";
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    #[rustfmt::skip]
    let table: &[(Pairs<'_>, Pairs<'_>, Option<&str>)] = &[
        (&[], &[],                                                                     None),
        (&[], &[("HTTPS_PROXY", "http://a")],                                          Some("http://a")),
        (&[], &[("HTTPS_PROXY", "http://a"), ("https_proxy", "http://b")],             Some("http://b")),
        (&[], &[("HTTPS_PROXY", "http://a"), ("https_proxy", "")],                     Some("http://a")),
        (&[], &[("HTTPS_PROXY", "http://a"), ("all_proxy", "http://b")],               Some("http://a")),
        (&[], &[("ALL_PROXY", "http://a"), ("all_proxy", "http://b")],                 Some("http://b")),
        (&[], &[("HTTP_PROXY", "http://a"), ("http_proxy", "http://a")],               None),
        (&[], &[("https_proxy", "http://a"), ("NO_PROXY", "example.com")],             None),
        (&[], &[("https_proxy", "http://a"), ("no_proxy", "b"), ("NO_PROXY", "*")],    Some("http://a")),
        (&[("proxy-endpoint", "http://s")], &[("https_proxy", "http://a")],            Some("http://s")),
        (&[("proxy-endpoint", "direct")], &[("https_proxy", "http://a")],              None),
        (&[("proxy-endpoint", "direct")], &[("https_proxy", "socks5://a")],            None),
        (&[("proxy-endpoint", "http://s")], &[("no_proxy", "example.com")],            None),
        (&[("no-proxy", "b")], &[("https_proxy", "http://a"), ("no_proxy", "*")],      Some("http://a")),
        (&[("no-proxy", "")], &[("https_proxy", "http://a"), ("no_proxy", "*")],       Some("http://a")),
        (&[("non-proxy-hosts", "b")], &[("https_proxy", "http://a"), ("no_proxy", "*")], Some("http://a")),
        (&[("non-proxy-hosts", "*"), ("no-proxy", "b")], &[("https_proxy", "http://a")], Some("http://a")),
        (&[("non-proxy-hosts", "*.example.com")], &[("https_proxy", "http://a")],      None),
    ];
    for (settings, environment, expected) in table {
        let rules = rules(settings, environment);
        let proxy = rules.route(&url(HOST)).expect("a route").map(ToString::to_string);
        assert_eq!(proxy.as_deref(), *expected, "{settings:?} {environment:?}");
    }
}

#[test]
fn a_variable_that_cannot_be_used_is_an_error_where_it_counts() {
    let broken = rules(&[], &[("https_proxy", "socks5://me:canary@proxy"), ("no_proxy", "example.com")]);
    assert!(!format!("{broken:?}").contains("canary"));
    for direct in ["https://example.com", "https://localhost", "http://other.io", "https://127.0.0.1:5000"] {
        assert!(broken.route(&url(direct)).expect("no need of it").is_none(), "{direct}");
    }
    let why = refused(broken.route(&url("https://other.io")), InvalidArgument, "environment variable https_proxy");
    assert!(!why.to_string().contains("canary"), "{why}");
}

#[test]
fn never_for_loopback_and_plain_http() {
    let rules = rules(&[("proxy-endpoint", "http://proxy:3128"), ("no-proxy", "")], &[]);
    for direct in [
        "https://localhost",
        "https://LOCALHOST.:5000",
        "https://registry.localhost",
        "https://127.0.0.1",
        "https://127.9.9.9:5000",
        "https://[::1]:5000",
        "https://[::ffff:127.0.0.1]",
        "http://registry.example.com",
        "http://10.0.0.1:5000",
    ] {
        assert_eq!(rules.route(&url(direct)).expect("a route"), None, "{direct}");
    }
    for through in ["https://10.0.0.1", "https://localhost.example.com", "https://notlocalhost"] {
        assert!(rules.route(&url(through)).expect("a route").is_some(), "{through}");
    }
}

proptest! {
    #[test]
    fn no_list_and_no_proxy_makes_it_panic(list in ".{0,60}", host in "[a-z0-9.-]{1,20}") {
        if let Ok(url) = Url::parse(&format!("https://{host}/")) {
            Exceptions::parse(&list).cover(&url);
            Exceptions::parse_java(&list).cover(&url);
        }
        let _ = Proxy::parse(&list);
    }

    #[test]
    fn a_domain_covers_what_is_below_it_and_nothing_else(
        domain in "[a-z]{1,6}(\\.[a-z]{1,6}){1,2}",
        below in "([a-z]{1,5}\\.){0,3}",
        glued in "[a-z]{1,5}",
        dot in "\\.?",
    ) {
        let exceptions = Exceptions::parse(&format!("{dot}{domain}"));
        let covered = |host: &str| exceptions.cover(&url(&format!("https://{host}/")));
        let (below, glued) = (format!("{below}{domain}"), format!("{glued}{domain}"));
        prop_assert!(covered(&below));
        prop_assert!(!covered(&glued));
    }

    #[test]
    fn a_network_covers_what_has_its_prefix(network: u32, host: u32, length in 0u8..=32) {
        let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
        let (network, host) = (std::net::Ipv4Addr::from(network), std::net::Ipv4Addr::from(host));
        let covered = Exceptions::parse(&format!("{network}/{length}")).cover(&url(&format!("https://{host}/")));
        prop_assert_eq!(covered, u32::from(network) & mask == u32::from(host) & mask);
    }

    #[test]
    fn a_login_arrives_as_it_was_meant(user in "[^:\\x00-\\x1f]{1,12}", password in "[^\\x00-\\x1f]{0,12}") {
        use base64::Engine as _;
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let proxy = Proxy::parse(&format!("http://{}:{}@proxy", encoded(&user), encoded(&password))).expect("a proxy");
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        prop_assert_eq!(proxy.authorization().map(|login| login.expose().to_owned()), Some(format!("Basic {pair}")));
    }
}
