//! Certificates that belong to one host: client certificates, and Docker's `certs.d`.

use std::fs;
use std::path::Path;

use multicloudj_registry::ErrorKind::{self, InvalidArgument, Io, Unauthorized, Unavailable};
use multicloudj_registry::{Client, Error, Settings};

use crate::archive::Kept;
use crate::auth::push;
use crate::fixture::{PASSWORD, Puller, USER};
use crate::support::{Origin, Proxy, Registry};

/// A registry that turns away who has no certificate. Its second origin asks for one, too.
fn demanding() -> Registry {
    let registry = Registry::builder().client_certificates().bearer().login(USER, PASSWORD).start();
    push(&registry);
    registry
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The settings for it but the certificate.
fn base(registry: &Registry) -> Vec<(&'static str, String)> {
    let ca = text(registry.ca());
    [("trusted-certificates", &*ca), ("username", USER), ("password", PASSWORD)]
        .map(|(k, v)| (k, v.to_owned()))
        .to_vec()
}

fn puller(registry: &Registry, settings: &[(&'static str, String)]) -> Puller {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Puller::with(registry, &settings)
}

fn certified(registry: &Registry) -> Puller {
    let (certificate, key) = registry.client_certificate();
    let mut settings = base(registry);
    settings.extend([("client-certificate", text(&certificate)), ("client-key", text(&key))]);
    puller(registry, &settings)
}

/// What is refused when the client is made.
fn unmade(settings: &[(&str, &str)]) -> Error {
    let mut all = Settings::default();
    for (key, value) in settings {
        all.set(key, value).expect("a setting");
    }
    let why = Client::new(&all).expect_err("settings that do not fit together");
    assert_eq!(why.kind(), InvalidArgument, "{why}");
    why
}

/// No certificate was taken. How the client learns of it is a race between the server's alert and its reset.
fn turned_away(registry: &Registry, puller: &Puller) {
    let why = puller.pull_to("app:v1", &puller.file()).expect_err("no certificate");
    assert!(matches!(why.kind(), Unauthorized | Unavailable), "{why}");
    assert!(registry.requests().is_empty());
}

#[test]
fn by_option() {
    let registry = demanding();
    turned_away(&registry, &puller(&registry, &base(&registry)));
    certified(&registry).works("app:v1");
    assert!(registry.certified(Origin::Main) > 0);
}

#[test]
fn key_and_certificate_may_be_one_file() {
    let registry = demanding();
    let (certificate, key) = registry.client_certificate();
    let both = registry.ca().with_file_name("both.pem");
    fs::write(&both, [fs::read(key).expect("a key"), fs::read(certificate).expect("a certificate")].concat())
        .expect("a file");
    let mut settings = base(&registry);
    settings.push(("client-certificate", text(&both)));
    puller(&registry, &settings).works("app:v1");
}

#[test]
fn it_is_for_the_endpoint_alone() {
    // A redirect to a port that asks for certificates, and a token service there: neither gets to see one.
    let registry =
        Registry::builder().client_certificates().bearer().login(USER, PASSWORD).realm_on_other_origin().start();
    push(&registry);
    registry.fault("GET /v2/app/blobs/* redirect=307:other:{path}");
    let (certificate, key) = registry.client_certificate();
    let mut settings = base(&registry);
    settings.extend([("client-certificate", text(&certificate)), ("client-key", text(&key))]);
    let other = registry.other_url().trim_start_matches("https://").to_owned();
    settings.push(("trusted-auth-hosts", other));
    puller(&registry, &settings).works("app:v1");
    assert_eq!((registry.count("GET", "other:/token"), registry.count("GET", "other:/v2/*")), (1, 3));
    assert!(registry.certified(Origin::Main) > 0);
    assert_eq!(registry.certified(Origin::Other), 0);
}

#[test]
fn one_of_a_stranger_is_refused() {
    let (registry, stranger) = (demanding(), demanding());
    let (certificate, key) = stranger.client_certificate();
    let mut settings = base(&registry);
    settings.extend([("client-certificate", text(&certificate)), ("client-key", text(&key))]);
    turned_away(&registry, &puller(&registry, &settings));
}

#[test]
fn an_authority_that_tls_cannot_read_is_passed_over() {
    // A JDK's own store has such: whoever adds a company's authority to a copy of it wants that one to count.
    let registry = Registry::builder().tls().start();
    push(&registry);
    let odd = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let both = format!("{odd}{}{odd}", fs::read_to_string(registry.ca()).expect("a certificate"));
    puller(&registry, &[("trusted-certificates-pem", both)]).works("app:v1");
}

#[test]
fn options_that_do_not_fit_together() {
    let registry = demanding();
    let (certificate, key) = registry.client_certificate();
    let (certificate, key, endpoint) = (text(&certificate), text(&key), ("endpoint", registry.url()));
    let ca = text(registry.ca());
    #[rustfmt::skip]
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("client-certificate", &certificate), ("client-key", &key)],                "needs an https endpoint"),
        (&[("client-certificate", &certificate), ("client-key", &key), ("endpoint", "http://localhost:5000")],
                                                                                       "needs an https endpoint"),
        (&[endpoint, ("client-key", &key)],                                            "needs a client certificate"),
        (&[endpoint, ("client-certificate", &certificate)],                            "with its private key"),
        (&[endpoint, ("client-certificate", &key)],                                    "no PEM certificate"),
        (&[endpoint, ("client-certificate", "/nonexistent.pem")],                      "/nonexistent.pem"),
        (&[endpoint, ("client-certificate", &certificate), ("client-key", "/no.key")], "/no.key"),
        (&[("trusted-certificates-pem", "")],                                          "no PEM certificate in it"),
        (&[("trusted-certificates", &ca), ("trusted-certificates-pem", "x")],          "trusted-certificates-pem"),
    ];
    for (settings, words) in table {
        let why = unmade(settings).to_string();
        assert!(why.contains(words), "{why}\nshould say: {words}");
    }
}

#[test]
fn a_key_that_is_not_its_own() {
    let (registry, stranger) = (demanding(), demanding());
    let mut settings = base(&registry);
    settings.push(("client-certificate", text(&registry.client_certificate().0)));
    settings.push(("client-key", text(&stranger.client_certificate().1)));
    puller(&registry, &settings).fails("app:v1", Io, "cannot set up TLS");
}

/// Docker's folder for `host` below a folder of its own, with these files.
struct CertsD(tempfile::TempDir);

impl CertsD {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn put(&self, host: &str, name: &str, from: &Path) -> &Self {
        let folder = self.0.path().join(host);
        fs::create_dir_all(&folder).expect("a folder");
        fs::copy(from, folder.join(name)).expect("a copy");
        self
    }

    fn setting(&self) -> (&'static str, String) {
        ("certs-dir", text(self.0.path()))
    }
}

#[test]
fn an_authority_of_one_host() {
    let (registry, same, other) =
        (Registry::builder().tls().start(), Registry::builder().tls().start(), Registry::builder().tls().start());
    let image = push(&registry);
    push(&same);
    push(&other);
    let certs = CertsD::new();
    certs.put(registry.host(), "company.crt", registry.ca());
    puller(&registry, &[certs.setting()]).works("app:v1").holds(&image, Kept::ForDocker);
    // The second origin has a certificate of the same authority, but no folder.
    registry.fault("GET /v2/app/blobs/* redirect=307:other:{path}");
    let why = puller(&registry, &[certs.setting()]).fails("app:v1", Unavailable, "cannot connect");
    assert!(why.to_string().contains(registry.other_url()), "{why}");
    let host = registry.other_url().trim_start_matches("https://");
    certs.put(host, "a.crt", registry.ca());
    puller(&registry, &[certs.setting()]).works("app:v1");
    // Nor does it vouch for others. A name without the port is the port of https.
    certs.put("127.0.0.1", "b.crt", same.ca());
    puller(&same, &[certs.setting()]).fails("app:v1", Unavailable, "cannot connect");
    puller(&other, &[certs.setting()]).fails("app:v1", Unavailable, "cannot connect");
}

#[test]
fn a_client_certificate_of_one_host() {
    let registry = demanding();
    registry.fault("GET /v2/app/blobs/* redirect=307:other:{path}");
    let (certificate, key) = registry.client_certificate();
    let certs = CertsD::new();
    certs.put(registry.host(), "client.cert", &certificate).put(registry.host(), "client.key", &key);
    certs.put(registry.host(), "README", &key);
    let mut settings = base(&registry);
    settings.push(certs.setting());
    puller(&registry, &settings).works("app:v1");
    assert!(registry.certified(Origin::Main) > 0);
    assert_eq!(registry.certified(Origin::Other), 0);
    // An own folder there, and it is offered there.
    let other = registry.other_url().trim_start_matches("https://");
    certs.put(other, "client.cert", &certificate).put(other, "client.key", &key);
    puller(&registry, &settings).works("app:v1");
    assert!(registry.certified(Origin::Other) > 0);
}

#[test]
fn folders_that_are_not_as_docker_wants_them() {
    let registry = demanding();
    let (certificate, key) = registry.client_certificate();
    let host = registry.host();
    let fails = |certs: &CertsD, kind: ErrorKind, words: &str| {
        let mut settings = base(&registry);
        settings.push(certs.setting());
        puller(&registry, &settings).fails("app:v1", kind, words);
    };
    let certs = CertsD::new();
    certs.put(host, "client.cert", &certificate);
    fails(&certs, Io, "client.cert: there is no");
    certs.put(host, "client.key", &key).put(host, "zweite.cert", &certificate).put(host, "zweite.key", &key);
    fails(&certs, Io, "another client certificate");
    let certs = CertsD::new();
    certs.put(host, "client.key", &key);
    fails(&certs, Io, "client.key: there is no client certificate");
    let certs = CertsD::new();
    certs.put(host, "ca.crt", &key);
    fails(&certs, Io, "ca.crt: there is no PEM certificate in it");
    assert!(registry.requests().is_empty());
}

#[test]
fn behind_a_proxy_the_names_are_those_of_the_hosts() {
    let registry = Registry::builder().client_certificates().start();
    push(&registry);
    registry.fault("GET /v2/app/blobs/* redirect=307:https://blobs.test{path}");
    let proxy = Proxy::start();
    proxy.lead_to(&registry);
    let (certificate, key) = registry.client_certificate();
    let certs = CertsD::new();
    for name in ["registry.test", "blobs.test:443"] {
        certs.put(name, "ca.crt", registry.ca());
    }
    certs.put("registry.test", "client.cert", &certificate).put("registry.test", "client.key", &key);
    let settings = [("endpoint", "https://registry.test".to_owned()), ("proxy-endpoint", proxy.url()), certs.setting()];
    puller(&registry, &settings).works("app:v1");
    assert!(registry.certified(Origin::Main) > 0);
    assert_eq!(registry.certified(Origin::Other), 0);
}

#[test]
fn a_proxy_over_tls_does_not_get_to_see_it() {
    let registry = demanding();
    let proxy = Proxy::builder().tls().start();
    proxy.lead_to(&registry);
    let (certificate, key) = registry.client_certificate();
    let mut settings = base(&registry);
    settings.extend([
        ("endpoint", "https://registry.test".to_owned()),
        ("client-certificate", text(&certificate)),
        ("client-key", text(&key)),
        ("proxy-endpoint", proxy.url()),
        ("trusted-certificates-pem", fs::read_to_string(proxy.ca()).expect("a certificate")),
    ]);
    puller(&registry, &settings).fails("app:v1", InvalidArgument, "is spoken to over TLS");
    assert_eq!((proxy.certified(), proxy.asked().len()), (0, 0));
}
