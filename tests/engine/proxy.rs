//! Proxies: for every host alike, by rules that each host passes anew, with a login that the proxy alone gets.

use multicloudj_registry::ErrorKind::{DeadlineExceeded, InvalidArgument, Malformed, Unauthorized, Unavailable};
use multicloudj_registry::Settings;

use crate::archive::Kept;
use crate::auth::push;
use crate::fixture::{PASSWORD, Puller, SIGNATURE, USER, tells, until};
use crate::support::words::basic;
use crate::support::{Proxy, Registry};

const REGISTRY: &str = "CONNECT registry.test:443";
const AUTH: &str = "CONNECT auth.test:443";
const BLOBS: &str = "CONNECT blobs.test:443";

/// A registry that nobody reaches but through a proxy: with a token service and a blob store at hosts of their own.
fn remote() -> Registry {
    let registry = Registry::builder().tls().bearer().login(USER, PASSWORD).realm("https://auth.test/token").start();
    registry.fault(&format!("GET /v2/app/blobs/* redirect=307:https://blobs.test{{path}}?X-Sig={SIGNATURE}"));
    registry
}

/// Settings for it, without a proxy.
fn settings(registry: &Registry, more: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::default();
    let ca = registry.ca().to_string_lossy().into_owned();
    let usual = [
        ("endpoint", "https://registry.test"),
        ("trusted-certificates", &ca),
        ("trusted-auth-hosts", "auth.test"),
        ("username", USER),
        ("password", PASSWORD),
        ("retry-attempts", "1"),
    ];
    for (key, value) in usual.iter().chain(more) {
        settings.set(key, value).unwrap_or_else(|why| panic!("{key}={value}: {why}"));
    }
    settings
}

/// The environment of these variables alone.
fn inherit(settings: &mut Settings, variables: &[(&str, &str)]) {
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    settings.inherit(|name| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()));
}

#[test]
fn registry_token_service_and_blob_store_alike() {
    let (registry, proxy) = (remote(), Proxy::start());
    let image = push(&registry);
    proxy.lead_to(&registry);
    let puller = Puller::of(&settings(&registry, &[("proxy-endpoint", &proxy.url())]));
    puller.works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(proxy.lines(), [AUTH, BLOBS, REGISTRY], "and nothing but tunnels");
    assert_eq!((registry.count("GET", "/token"), registry.count("GET", "other:/v2/*")), (1, 3));
}

#[test]
fn of_the_environment_as_well() {
    for (name, used) in [
        ("HTTPS_PROXY", true),
        ("https_proxy", true),
        ("ALL_PROXY", true),
        ("all_proxy", true),
        // For plain http, which never leaves the machine.
        ("HTTP_PROXY", false),
        ("http_proxy", false),
    ] {
        let (registry, proxy) = (remote(), Proxy::start());
        let image = push(&registry);
        proxy.lead_to(&registry);
        let mut settings = settings(&registry, &[]);
        inherit(&mut settings, &[(name, &proxy.url())]);
        let puller = Puller::of(&settings);
        if used {
            puller.works("app:v1").holds(&image, Kept::ForDocker);
        } else {
            puller.fails("app:v1", Unavailable, "cannot connect");
        }
        assert_eq!(proxy.lines().len(), if used { 3 } else { 0 }, "{name}");
    }
}

#[test]
fn the_setting_beats_the_environment() {
    let (registry, proxy) = (remote(), Proxy::start());
    push(&registry);
    proxy.lead_to(&registry);
    let dead = [("https_proxy", "http://127.0.0.1:9")];
    let mut named = settings(&registry, &[("proxy-endpoint", &proxy.url())]);
    inherit(&mut named, &dead);
    Puller::of(&named).works("app:v1");
    let mut direct = settings(&registry, &[("proxy-endpoint", "direct")]);
    inherit(&mut direct, &dead);
    Puller::of(&direct).fails("app:v1", Unavailable, "cannot connect: ");
    let mut excepted = settings(&registry, &[("no-proxy", "other.example.com")]);
    inherit(&mut excepted, &[("https_proxy", &proxy.url()), ("no_proxy", "*")]);
    Puller::of(&excepted).works("app:v1");
}

#[test]
fn each_host_passes_the_rules_anew() {
    // The redirect leads to a host that is excepted: it is dialled, and there is no such name.
    let (registry, proxy) = (remote(), Proxy::start());
    push(&registry);
    proxy.lead_to(&registry);
    let puller =
        Puller::of(&settings(&registry, &[("proxy-endpoint", &proxy.url()), ("no-proxy", ".example.com,blobs.test")]));
    let why = puller.fails("app:v1", Unavailable, "cannot connect");
    assert!(why.to_string().contains("https://blobs.test"), "{why}");
    assert_eq!(proxy.lines(), [AUTH, REGISTRY]);
}

#[test]
fn its_login_is_for_the_proxy_alone() {
    let registry = remote();
    let image = push(&registry);
    // An at sign and a colon, percent-encoded.
    let (user, password) = ("a@b", format!("{PASSWORD}:@"));
    let proxy = Proxy::builder().login(user, &password).start();
    proxy.lead_to(&registry);
    let url = proxy.url_with(&format!("a%40b:{PASSWORD}%3A%40"));
    let puller = Puller::of(&settings(&registry, &[("proxy-endpoint", &url)]));
    puller.works("app:v1").holds(&image, Kept::ForDocker);
    for asked in proxy.asked() {
        assert_eq!(asked.headers.get("proxy-authorization"), Some(&basic(user, &password)));
        assert!(!asked.headers.contains_key("authorization"), "the registry's login is inside the tunnel");
    }
    for request in registry.requests() {
        assert_eq!(request.header("proxy-authorization"), None);
    }
}

#[test]
fn a_proxy_that_wants_a_login() {
    let registry = remote();
    push(&registry);
    let proxy = Proxy::builder().login("someone", "else").start();
    proxy.lead_to(&registry);
    for (url, words) in [
        (proxy.url(), "asks for a login"),
        (proxy.url_with(&format!("{USER}:{PASSWORD}")), "refuses the login it was given"),
    ] {
        let settings = settings(&registry, &[("proxy-endpoint", &url), ("retry-attempts", "3")]);
        assert!(!format!("{settings:?}").contains(PASSWORD));
        let before = proxy.asked().len();
        let why = Puller::of(&settings).fails("app:v1", Unauthorized, words);
        assert!(why.to_string().contains(&format!("the proxy {}", proxy.url())), "{why}");
        assert_eq!(why.http_status(), Some(407));
        assert_eq!(proxy.asked().len(), before + 1, "once is enough");
    }
    assert!(registry.requests().is_empty());
}

#[test]
fn a_proxy_that_is_not_there() {
    let registry = remote();
    // Nobody listens there.
    let gone = "http://127.0.0.1:1";
    let with_login = gone.replace("//", &format!("//{USER}:{PASSWORD}@"));
    let puller = Puller::of(&settings(&registry, &[("proxy-endpoint", &with_login)]));
    let why = puller.fails("app:v1", Unavailable, &format!("cannot connect to the proxy {gone}"));
    assert!(why.is_transient(), "{why}");
    let puller = Puller::of(&settings(&registry, &[("proxy-endpoint", "http://no-such-proxy.invalid:3128")]));
    puller.fails("app:v1", Unavailable, "cannot connect to the proxy http://no-such-proxy.invalid:3128");
}

#[test]
fn a_proxy_that_opens_no_tunnel() {
    let registry = remote();
    for answer in ["403 Forbidden", "502 Bad Gateway", "garbage"] {
        let proxy = Proxy::builder().answer(answer).start();
        let puller = Puller::of(&settings(&registry, &[("proxy-endpoint", &proxy.url())]));
        let why = puller.fails("app:v1", Unavailable, "does not connect us to the host");
        assert!(why.to_string().contains("https://registry.test") && why.to_string().contains(&proxy.url()), "{why}");
    }
}

#[test]
fn a_proxy_that_never_answers() {
    let (registry, proxy) = (remote(), Proxy::builder().silent().start());
    let puller = Puller::of(&settings(&registry, &[("proxy-endpoint", &proxy.url())]));
    puller.fails("app:v1", DeadlineExceeded, &format!("no connection within 10 s through the proxy {}", proxy.url()));
}

#[test]
fn a_proxy_that_recovers() {
    // 502 until it knows the way.
    let (registry, proxy) = (remote(), Proxy::start());
    push(&registry);
    let patient = [("proxy-endpoint", &*proxy.url()), ("retry-attempts", "100"), ("retry-mode", "fixed")];
    let mut settings = settings(&registry, &patient);
    settings.set("retry-fixed-delay", "50").expect("a delay");
    let running = Puller::of(&settings);
    let pull = running.start("app:v1");
    until("the second attempt", || proxy.asked().len() > 1);
    proxy.lead_to(&registry);
    pull.end().expect("the third or a later one works");
}

#[test]
fn addresses_go_through_as_well() {
    let registry = Registry::builder().tls().start();
    push(&registry);
    let proxy = Proxy::start();
    let port = registry.url().rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    proxy.route("192.0.2.7:5000", port);
    let ca = registry.ca().to_string_lossy().into_owned();
    let mut settings = Settings::default();
    for (key, value) in [
        ("endpoint", "https://192.0.2.7:5000"),
        ("proxy-endpoint", &proxy.url()),
        ("trusted-certificates", &ca),
        ("retry-attempts", "1"),
    ] {
        settings.set(key, value).expect("a setting");
    }
    Puller::of(&settings).works("app:v1");
    // reqwest 0.13 takes the brackets for a part of the server's name.
    settings.set("endpoint", "https://[2001:db8::7]:5000").expect("an endpoint");
    Puller::of(&settings).fails("app:v1", InvalidArgument, "an IPv6 address cannot be reached through a proxy");
}

#[test]
fn it_is_no_way_to_internal_addresses() {
    let target = format!("https://169.254.169.254/latest/?X-Sig={SIGNATURE}");
    let registry = Registry::builder().tls().start();
    push(&registry);
    registry.fault(&format!("GET /v2/app/blobs/* redirect=307:{target}"));
    let proxy = Proxy::start();
    proxy.lead_to(&registry);
    let ca = registry.ca().to_string_lossy().into_owned();
    let usual = [("proxy-endpoint", &*proxy.url()), ("trusted-certificates", &ca)];
    let puller = |endpoint: &str| {
        let mut settings = Settings::default();
        for (key, value) in usual.iter().chain(&[("endpoint", endpoint), ("retry-attempts", "1")]) {
            settings.set(key, value).expect("a setting");
        }
        Puller::of(&settings)
    };
    puller("https://registry.test").fails("app:v1", Malformed, "internal address");
    for endpoint in ["https://169.254.169.254", "https://[fd00:ec2::254]", "https://[::ffff:100.100.100.200]"] {
        puller(endpoint).fails("app:v1", InvalidArgument, "never a registry");
    }
    assert_eq!(proxy.lines(), [REGISTRY]);
}

#[test]
fn one_that_is_spoken_to_over_tls() {
    let registry = remote();
    let image = push(&registry);
    let proxy = Proxy::builder().tls().login(USER, PASSWORD).start();
    proxy.lead_to(&registry);
    let url = proxy.url_with(&format!("{USER}:{PASSWORD}"));
    let both = [registry.ca(), &proxy.ca()].map(|ca| std::fs::read_to_string(ca).expect("a certificate")).concat();
    let trusting = settings(&registry, &[("proxy-endpoint", &url), ("trusted-certificates-pem", &both)]);
    Puller::of(&trusting).works("app:v1").holds(&image, Kept::ForDocker);
    // Its certificate is checked like any other.
    let before = proxy.asked().len();
    Puller::of(&settings(&registry, &[("proxy-endpoint", &url)])).fails(
        "app:v1",
        Unavailable,
        "cannot connect to the proxy",
    );
    assert_eq!(proxy.asked().len(), before);
}

#[test]
fn loopback_is_dialled_directly() {
    // Over plain http and over TLS, by address and by name.
    let proxy = Proxy::start();
    let plain = Registry::start();
    let tls = Registry::builder().tls().start();
    push(&plain);
    push(&tls);
    let ca = tls.ca().to_string_lossy().into_owned();
    for url in [plain.url(), tls.url()].iter().flat_map(|url| [url.to_string(), url.replace("127.0.0.1", "localhost")])
    {
        let mut settings = Settings::default();
        for (key, value) in [("endpoint", &*url), ("proxy-endpoint", &proxy.url()), ("trusted-certificates", &ca)] {
            settings.set(key, value).expect("a setting");
        }
        let variables = ["http_proxy", "https_proxy", "all_proxy"].map(|name| (name, proxy.url()));
        settings.inherit(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, url)| url.clone()));
        Puller::of(&settings).works("app:v1");
    }
    assert!(proxy.asked().is_empty());
}

#[test]
fn plain_http_elsewhere_is_not_smuggled_through() {
    let proxy = Proxy::start();
    let mut settings = Settings::default();
    settings.set("endpoint", "http://10.0.0.1:5000").expect("an endpoint");
    settings.set("proxy-endpoint", &proxy.url()).expect("a proxy");
    Puller::of(&settings).fails("app:v1", InvalidArgument, "plain http is only for loopback");
    assert!(proxy.asked().is_empty());
}

#[test]
fn a_variable_that_cannot_be_used_stops_what_needs_it() {
    let (far, near) = (remote(), Registry::start());
    push(&near);
    let mut settings = settings(&far, &[]);
    inherit(&mut settings, &[("ALL_PROXY", &format!("socks5://{USER}:{PASSWORD}@127.0.0.1:1080"))]);
    let why = Puller::of(&settings).fails("app:v1", InvalidArgument, "environment variable ALL_PROXY");
    tells(&why, InvalidArgument, "only http and https proxies");
    settings.set("endpoint", near.url()).expect("an endpoint");
    Puller::of(&settings).works("app:v1");
}
