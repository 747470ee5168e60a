//! Origins: what a credential belongs to, and which addresses are nobody's business.

use std::net::IpAddr;

use multicloudj_registry::transport::origin::{self, Origin, ip_literal};
use url::Url;

fn url(text: &str) -> Url {
    Url::parse(text).expect(text)
}

fn of(text: &str) -> Origin {
    Origin::of(&url(text))
}

#[test]
fn the_default_port_is_the_port() {
    assert_eq!(of("https://host"), of("https://HOST:443/any/path?x#y"));
    assert_eq!(of("http://host"), of("http://host:80/"));
    for (one, other) in [
        ("https://host", "http://host"),
        ("https://host", "https://host:444"),
        ("https://host", "https://host.evil.io"),
        ("http://host:443", "https://host:443"),
        ("https://a.host", "https://host"),
    ] {
        assert_ne!(of(one), of(other));
    }
}

#[test]
fn how_it_is_written() {
    for (text, authority, host, port) in [
        ("https://host", "host", "host", 443),
        ("https://host:443", "host", "host", 443),
        ("https://host:80", "host:80", "host", 80),
        ("http://host:80", "host", "host", 80),
        ("http://host:5000", "host:5000", "host", 5000),
        ("https://[::1]:5000", "[::1]:5000", "[::1]", 5000),
        ("https://user:pw@host:8443", "host:8443", "host", 8443),
    ] {
        let origin = of(text);
        assert_eq!((&*origin.authority(), origin.host(), origin.port()), (authority, host, port), "{text}");
        assert_eq!(origin.to_string(), format!("{}://{authority}", if origin.is_https() { "https" } else { "http" }));
        assert_eq!(of(origin.url("/v2/").as_str()), origin);
    }
}

#[test]
fn addresses_that_are_internal() {
    let address = |text: &str| text.parse::<IpAddr>().expect(text);
    for text in [
        "127.0.0.1",
        "127.255.255.254",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "fd00::1",
        "fd00:ec2::254",
        "fe80::1",
        "100.100.100.200",
    ] {
        assert!(origin::is_internal(address(text)), "{text}");
    }
    for text in
        ["8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.100.100.201", "2001:4860::8888", "::ffff:8.8.8.8"]
    {
        assert!(!origin::is_internal(address(text)), "{text}");
    }
    for text in ["169.254.0.1", "::ffff:169.254.169.254", "100.100.100.200", "fd00:ec2::254", "fe80::1"] {
        assert!(origin::is_link_local(address(text)), "{text}");
    }
    for text in ["127.0.0.1", "10.0.0.1", "fd00::1", "8.8.8.8"] {
        assert!(!origin::is_link_local(address(text)), "{text}");
    }
    assert!(origin::is_loopback(address("::ffff:127.0.0.1")));
    assert!(!origin::is_loopback(address("10.0.0.1")));
}

#[test]
fn addresses_hidden_in_urls() {
    for text in ["http://127.0.0.1", "http://127.1", "http://0x7f000001", "http://2130706433", "http://0177.0.0.1"] {
        assert_eq!(ip_literal(&url(text)), Some("127.0.0.1".parse().expect("an address")), "{text}");
    }
    assert_eq!(ip_literal(&url("http://[::ffff:10.0.0.1]")), Some("10.0.0.1".parse().expect("an address")));
    assert_eq!(ip_literal(&url("http://localhost")), None);
}
