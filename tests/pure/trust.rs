//! Who may get a credential: the registry, the token service known to be its own, hosts the user named. Nobody else.

use multicloudj_registry::ErrorKind::Unauthorized;
use multicloudj_registry::transport::auth::trust::{check_realm, may_receive};
use multicloudj_registry::transport::origin::Origin;
use url::Url;

use crate::refused;

fn origin(text: &str) -> Origin {
    Origin::of(&Url::parse(text).expect(text))
}

fn receives(realm: &str, registry: &str, named: &[&str]) -> bool {
    let named: Vec<String> = named.iter().map(|&host| host.into()).collect();
    may_receive(&Url::parse(realm).expect(realm), &origin(registry), &named)
}

#[test]
fn realms_that_may_be_asked() {
    for (registry, realm) in [
        ("https://registry.example.com", "https://registry.example.com/token"),
        ("https://registry.example.com", "https://auth.example.com/token?x=y"),
        ("https://registry.example.com", "https://registry.example.com:8443/token"),
        ("https://registry.example.com", "https://93.184.216.34/token"),
        // On-prem: the token service on the registry's own host, whatever its address (mindthegap#1046).
        ("https://10.0.0.7:5000", "https://10.0.0.7:5001/token"),
        ("https://[fd00::7]", "https://[fd00::7]:5001/token"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5001/token"),
        ("http://127.0.0.1:5000", "https://auth.example.com/token"),
        ("http://localhost:5000", "http://localhost:5000/token"),
    ] {
        check_realm(realm, &origin(registry)).unwrap_or_else(|why| panic!("{registry} names {realm}: {why}"));
    }
}

#[test]
fn realms_that_are_refused() {
    let public = "https://registry.example.com";
    #[rustfmt::skip]
    let table = [
        (public, "",                                          "is no URL"),
        (public, "/token",                                    "is no URL"),
        (public, "//evil.example.com/token",                  "is no URL"),
        (public, "token",                                     "is no URL"),
        (public, "https://",                                  "is no URL"),
        (public, "https://a b/",                              "is no URL"),
        (public, "ftp://registry.example.com/token",          "is no http or https URL"),
        (public, "file:///etc/passwd",                        "is no http or https URL"),
        (public, "javascript:alert(1)",                       "is no http or https URL"),
        (public, "http://registry.example.com/token",         "is not https"),
        (public, "http://127.0.0.1/token",                    "is not https"),
        (public, "https://user@registry.example.com/token",   "carries a user"),
        (public, "https://user:pw@registry.example.com/",     "carries a user"),
        (public, "https://registry.example.com/token#x",      "carries a user or a fragment"),
        (public, "https://127.0.0.1/token",                   "internal address"),
        (public, "https://127.1/token",                       "internal address"),
        (public, "https://2130706433/token",                  "internal address"),
        (public, "https://0x7f.0.0.1/token",                  "internal address"),
        (public, "https://0.0.0.0/token",                     "internal address"),
        (public, "https://10.1.2.3/token",                    "internal address"),
        (public, "https://172.16.0.1/token",                  "internal address"),
        (public, "https://192.168.1.1/token",                 "internal address"),
        (public, "https://169.254.169.254/latest/meta-data/", "internal address"),
        (public, "https://100.100.100.200/latest/",           "internal address"),
        (public, "https://[::1]/token",                       "internal address"),
        (public, "https://[::]/token",                        "internal address"),
        (public, "https://[::ffff:169.254.169.254]/",         "internal address"),
        (public, "https://[fd00:ec2::254]/latest/",           "internal address"),
        (public, "https://[fe80::1]/",                        "internal address"),
        ("https://10.0.0.7:5000", "https://10.0.0.8/token",   "internal address"),
        ("http://127.0.0.1:5000", "http://169.254.169.254/",  "internal address"),
        ("http://127.0.0.1:5000", "http://127.0.0.2:5000/",   "internal address"),
    ];
    for (registry, realm, why) in table {
        let error = refused(check_realm(realm, &origin(registry)), Unauthorized, why).to_string();
        assert!(error.contains(registry), "{error} does not name the registry");
        assert!(!error.contains("user:pw"), "{error}");
    }
}

#[test]
fn the_registry_itself_receives() {
    for (realm, registry) in [
        ("https://registry.example.com/token", "https://registry.example.com"),
        ("https://REGISTRY.example.com:443/token?x", "https://registry.example.com"),
        ("http://127.0.0.1:5000/token", "http://127.0.0.1:5000"),
    ] {
        assert!(receives(realm, registry, &[]), "{realm} of {registry}");
    }
}

#[test]
fn a_neighbour_does_not() {
    for (realm, registry) in [
        ("https://registry.example.com:8443/token", "https://registry.example.com"),
        ("https://auth.example.com/token", "https://registry.example.com"),
        ("https://registry.example.com.evil.io/token", "https://registry.example.com"),
        ("https://evil-registry.example.com/token", "https://registry.example.com"),
        ("https://example.com/token", "https://registry.example.com"),
        ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000"),
        ("http://localhost:5000/token", "http://127.0.0.1:5000"),
        ("https://127.0.0.1:5000/token", "http://127.0.0.1:5000"),
    ] {
        assert!(!receives(realm, registry, &[]), "{realm} of {registry}");
    }
}

#[test]
fn docker_hubs_pair_is_a_pair() {
    let (hub, auth) = ("https://registry-1.docker.io", "https://auth.docker.io/token");
    assert!(receives(auth, hub, &[]));
    // oras-dotnet#393: a list of realms that are fine for anybody is a confused deputy.
    assert!(!receives(auth, "https://registry.example.com", &[]));
    assert!(!receives(auth, "https://registry-1.docker.io:8443", &[]));
    assert!(!receives("http://auth.docker.io/token", hub, &[]));
    assert!(!receives("https://auth.docker.io:8443/token", hub, &[]));
    assert!(!receives("https://auth.docker.io.evil.io/token", hub, &[]));
    assert!(!receives("https://auth-docker.io/token", hub, &[]));
}

#[test]
fn hosts_the_user_named() {
    let registry = "https://registry.example.com";
    for (realm, named, expected) in [
        ("https://auth.example.com/token", "auth.example.com", true),
        ("https://auth.example.com/token", "AUTH.example.com", true),
        ("https://auth.example.com/token", "auth.example.com:443", true),
        ("https://auth.example.com:8443/token", "auth.example.com:8443", true),
        ("https://auth.example.com:8443/token", "auth.example.com", false),
        ("https://auth.example.com/token", "auth.example.com:8443", false),
        ("https://evil.auth.example.com/token", "auth.example.com", false),
        ("https://auth.example.com/token", "example.com", false),
        ("https://auth.example.com/token", "*.example.com", false),
        ("https://auth.example.com/token", "https://auth.example.com", false),
        ("https://auth.example.com/token", "", false),
        ("https://[2001:db8::7]:5001/token", "[2001:db8::7]:5001", true),
    ] {
        assert_eq!(receives(realm, registry, &[named]), expected, "{realm} with {named:?}");
    }
}
