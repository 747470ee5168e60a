//! Proxies and certificates: by option, and by environment.

use multicloudj_registry::ErrorKind::{InvalidArgument, Unauthorized, Unavailable};

use crate::command::{Mcjr, PASSWORD, USER, push};
use crate::support::{Origin, Proxy, Registry};

/// A registry that only a proxy leads to, and a command line that trusts it.
fn remote() -> (Registry, Proxy) {
    let (registry, proxy) = (Registry::builder().tls().start(), Proxy::start());
    push(&registry);
    proxy.lead_to(&registry);
    (registry, proxy)
}

fn pull(registry: &Registry) -> Mcjr {
    let arguments = ["pull", "--retries", "0", "--endpoint", "https://registry.test", "app:v1", "image.tar", "--ca"];
    Mcjr::new(&arguments).args(&[&registry.ca().to_string_lossy()])
}

#[test]
fn the_proxy_of_the_environment() {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let (registry, proxy) = remote();
        pull(&registry).env(name, proxy.url()).works();
        assert_eq!(proxy.lines(), ["CONNECT registry.test:443"], "{name}");
    }
    let (registry, proxy) = remote();
    pull(&registry).env("HTTP_PROXY", proxy.url()).fails(Unavailable, "cannot connect");
    pull(&registry).env("HTTPS_PROXY", proxy.url()).env("no_proxy", ".test").fails(Unavailable, "cannot connect");
    assert!(proxy.asked().is_empty());
}

#[test]
fn options_beat_it() {
    let (registry, proxy) = remote();
    let dead = "http://127.0.0.1:1";
    pull(&registry).env("https_proxy", dead).fails(Unavailable, "cannot connect to the proxy http://127.0.0.1:1");
    pull(&registry).env("https_proxy", dead).args(&["--proxy", &proxy.url()]).works();
    pull(&registry).env("https_proxy", proxy.url()).env("NO_PROXY", "*").args(&["--no-proxy", "a.io"]).works();
    let before = proxy.asked().len();
    pull(&registry).env("https_proxy", proxy.url()).args(&["--proxy", "direct"]).fails(Unavailable, "cannot connect");
    pull(&registry).env("https_proxy", proxy.url()).args(&["--no-proxy", "registry.test"]).fails(Unavailable, "");
    assert_eq!(proxy.asked().len(), before);
}

#[test]
fn its_password_is_not_told() {
    let (registry, _) = remote();
    let proxy = Proxy::builder().login("somebody", "else").start();
    let url = proxy.url_with(&format!("{USER}:{PASSWORD}"));
    pull(&registry).env("https_proxy", &url).fails(Unauthorized, &format!("the proxy {} refuses", proxy.url()));
    let bad = format!("socks5://{USER}:{PASSWORD}@127.0.0.1:1080");
    pull(&registry).env("all_proxy", &bad).fails(InvalidArgument, "environment variable all_proxy");
    pull(&registry).args(&["--proxy", &bad]).fails(InvalidArgument, "only http and https proxies");
}

#[test]
fn loopback_needs_none() {
    let registry = Registry::start();
    push(&registry);
    let dead = "http://127.0.0.1:1";
    Mcjr::pull(&registry, "app:v1").env("http_proxy", dead).env("https_proxy", dead).env("all_proxy", dead).works();
}

#[test]
fn ssl_cert_file() {
    let registry = Registry::builder().tls().start();
    push(&registry);
    Mcjr::pull(&registry, "app:v1").args(&["--retries", "0"]).fails(Unavailable, "cannot connect");
    Mcjr::pull(&registry, "app:v1").env("SSL_CERT_FILE", registry.ca()).works();
    // A folder in the form of OpenSSL's c_rehash.
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(registry.ca(), folder.path().join("0a1b2c3d.0")).expect("a copy");
    Mcjr::pull(&registry, "app:v1").env("SSL_CERT_DIR", folder.path()).works();
}

#[test]
fn a_client_certificate() {
    let registry = Registry::builder().client_certificates().start();
    push(&registry);
    let (certificate, key) = registry.client_certificate();
    let [ca, certificate, key] = [registry.ca(), &certificate, &key].map(|path| path.to_string_lossy().into_owned());
    Mcjr::pull(&registry, "app:v1").args(&["--ca", &ca, "--cert", &certificate, "--key", &key]).works();
    assert!(registry.certified(Origin::Main) > 0);
    let folder = tempfile::tempdir().expect("a folder");
    let host = folder.path().join(registry.host());
    std::fs::create_dir(&host).expect("a folder");
    for (from, name) in [(&ca, "ca.crt"), (&certificate, "client.cert"), (&key, "client.key")] {
        std::fs::copy(from, host.join(name)).expect("a copy");
    }
    let option = format!("certs-dir={}", folder.path().display());
    Mcjr::pull(&registry, "app:v1").args(&["--option", &option]).works();
}
