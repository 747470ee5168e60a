//! One image through every way a docker-registry can be guarded, and what happens to who has no business there.

use crate::archive;
use crate::fixture::{fixture, reference};
use crate::mcjr::{NOT_FOUND, Pull, Pulled, UNAUTHORIZED, UNAVAILABLE};
use crate::pki::Authority;
use crate::process::have;
use crate::registry::{Access, Registry, USER};
use crate::token::{Asked, Policy, SERVICE, TokenServer};

const PARTS: &[&str] = &["docker-registry", "htpasswd", "openssl"];

/// The image that came is the one that was pushed.
fn check(registry: &Registry, pulled: &Pulled) {
    let image = fixture().image("gzip");
    assert_eq!(pulled.result["digest"], image.digest.as_str());
    assert_eq!(pulled.result["configDigest"], image.config_digest.as_str());
    assert_eq!(pulled.result["tag"], "gzip");
    assert_eq!(pulled.result["platform"], "linux/amd64");
    let name = format!("{}/{}", registry.authority, reference("gzip"));
    archive::holds(&pulled.file(), image, &[&name], &image.layer_digests());
}

fn start(access: &Access<'_>, tls: Option<&Authority>) -> Registry {
    Registry::start(&fixture().storage, access, tls)
}

#[test]
fn open_to_anyone() {
    if !have(PARTS) {
        return;
    }
    let registry = &fixture().open;
    check(registry, &Pull::new(registry, &reference("gzip")).works());
    // The host in the reference says the same as the endpoint.
    let full = format!("{}/{}", registry.authority, reference("gzip"));
    check(registry, &Pull::new(registry, &full).works());
    // A login that nobody asks for does no harm.
    check(registry, &Pull::new(registry, &reference("gzip")).login().works());

    Pull::new(registry, &reference("no-such-tag")).fails(NOT_FOUND);
    Pull::new(registry, "no/such-repository:1").fails(NOT_FOUND);
    Pull::new(registry, &reference("index")).args(&["--platform", "linux/s390x"]).fails(NOT_FOUND);
}

#[test]
fn behind_basic() {
    if !have(PARTS) {
        return;
    }
    let registry = start(&Access::Basic, None);
    check(&registry, &Pull::new(&registry, &reference("gzip")).login().works());

    Pull::new(&registry, &reference("gzip")).fails(UNAUTHORIZED);
    Pull::new(&registry, &reference("gzip")).login_as(USER, "wrong").fails(UNAUTHORIZED);
    // Not even whether it exists is told to strangers.
    Pull::new(&registry, &reference("no-such-tag")).fails(UNAUTHORIZED);
    Pull::new(&registry, &reference("no-such-tag")).login().fails(NOT_FOUND);
}

#[test]
fn behind_a_token_server() {
    if !have(PARTS) {
        return;
    }
    let server = TokenServer::start(Policy::Private);
    let registry = start(&Access::Bearer(&server), None);
    let trusted = format!("trusted-auth-hosts={}", server.authority());
    let pull = |trust: bool| {
        let pull = Pull::new(&registry, &reference("gzip"));
        if trust { pull.args(&["--option", &trusted]) } else { pull }
    };

    check(&registry, &pull(true).login().works());
    // One token serves the manifest, the config and all layers.
    let [asked] = server.take_asked().try_into().expect("one request for a token");
    let Asked { scopes, service, login } = asked;
    assert_eq!(scopes, ["repository:team-a/app:pull"]);
    assert_eq!(service.as_deref(), Some(SERVICE));
    assert_eq!(login.expect("a login").0, USER);

    // The registry says where tokens are to be had; whether that place may see the password, the user says.
    pull(false).login().fails(UNAUTHORIZED);
    assert!(
        server.take_asked().iter().all(|asked| asked.login.is_none()),
        "the password went to an origin nobody named"
    );

    pull(true).login_as(USER, "wrong").fails(UNAUTHORIZED);
    assert!(!server.take_asked().is_empty());
    // Without a login there is a token that opens nothing.
    pull(true).fails(UNAUTHORIZED);
    // A wrong password must not lock the account: it is tried once or twice, not in a loop.
    assert!(server.take_asked().len() <= 2);
}

#[test]
fn public_images_behind_a_token_server() {
    if !have(PARTS) {
        return;
    }
    let server = TokenServer::start(Policy::Public);
    let registry = start(&Access::Bearer(&server), None);
    check(&registry, &Pull::new(&registry, &reference("gzip")).works());
    let [asked] = server.take_asked().try_into().expect("one request for a token");
    assert_eq!(asked.login, None);
    Pull::new(&registry, &reference("no-such-tag")).fails(NOT_FOUND);
}

#[test]
fn behind_tls_of_a_private_ca() {
    if !have(PARTS) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let (ours, other) = (dir.path().join("ours"), dir.path().join("other"));
    std::fs::create_dir(&ours).and_then(|()| std::fs::create_dir(&other)).expect("folders");
    let (ours, other) = (Authority::new(&ours), Authority::new(&other));
    let open = start(&Access::Anyone, Some(&ours));
    let basic = start(&Access::Basic, Some(&ours));
    let gzip = reference("gzip");

    check(&open, &Pull::new(&open, &gzip).ca(&ours.ca).works());
    check(&basic, &Pull::new(&basic, &gzip).ca(&ours.ca).login().works());
    // By the reference alone: a host without an endpoint is reached by https.
    check(&open, &Pull::bare(&format!("{}/{gzip}", open.authority)).ca(&ours.ca).works());
    // As OpenSSL's programs do it.
    check(&open, &Pull::new(&open, &gzip).env("SSL_CERT_FILE", &ours.ca).works());

    for pull in [Pull::new(&open, &gzip), Pull::new(&open, &gzip).ca(&other.ca), Pull::new(&basic, &gzip).login()] {
        let said = pull.fails(UNAVAILABLE);
        assert!(said.contains("certificate"), "it does not say that the certificate is the matter: {said}");
    }
}
