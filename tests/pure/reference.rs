//! Image references: Docker's grammar, and how a client's repository completes them.

use multicloudj_registry::ErrorKind::InvalidArgument;
use multicloudj_registry::reference::{Reference, Target, repository};
use proptest::prelude::*;

use crate::{SHA256, SHA512, refused};

/// Text, host, path, tag, digest.
type Row<'a> = (&'a str, Option<&'a str>, &'a str, Option<&'a str>, Option<&'a str>);

#[test]
fn what_the_parts_are() {
    let long = "a".repeat(255);
    let tag = "t".repeat(128);
    #[rustfmt::skip]
    let table: &[Row<'_>] = &[
        // text                              host                    path                   tag            digest
        ("nginx",                            None,                   "nginx",               None,          None),
        ("nginx:1.27",                       None,                   "nginx",               Some("1.27"),  None),
        ("library/nginx",                    None,                   "library/nginx",       None,          None),
        ("gcr.io/project/image:v1",          Some("gcr.io"),         "project/image",       Some("v1"),    None),
        ("localhost/app",                    Some("localhost"),      "app",                 None,          None),
        ("localhost:5000/app",               Some("localhost:5000"), "app",                 None,          None),
        ("localhost:5000/app:v1",            Some("localhost:5000"), "app",                 Some("v1"),    None),
        // Docker's rule: without a slash there is no host, whatever it looks like.
        ("localhost:5000",                   None,                   "localhost",           Some("5000"),  None),
        ("registry.example.com",             None,                   "registry.example.com", None,         None),
        ("registry/app",                     None,                   "registry/app",        None,          None),
        ("registry:80/app",                  Some("registry:80"),    "app",                 None,          None),
        ("REGISTRY.Example.com/app",         Some("REGISTRY.Example.com"), "app",           None,          None),
        ("127.0.0.1:5000/a/b/c:x",           Some("127.0.0.1:5000"), "a/b/c",               Some("x"),     None),
        ("[::1]:5000/app:v1",                Some("[::1]:5000"),     "app",                 Some("v1"),    None),
        ("[2001:db8::7]/app",                Some("[2001:db8::7]"),  "app",                 None,          None),
        ("a.b/c.d/e__f/g--h/i-j_k.l",        Some("a.b"),            "c.d/e__f/g--h/i-j_k.l", None,        None),
        ("123/456:789",                      None,                   "123/456",             Some("789"),   None),
        (":v2",                              None,                   "",                    Some("v2"),    None),
        ("app:_A.b-C",                       None,                   "app",                 Some("_A.b-C"), None),
        (&long,                              None,                   &long,                 None,          None),
    ];
    for &(text, host, path, tag, digest) in table {
        let parsed = Reference::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        let parts =
            (parsed.host.as_deref(), &*parsed.path, parsed.tag.as_deref(), parsed.digest.map(|d| d.to_string()));
        assert_eq!(parts, (host, path, tag, digest.map(Into::into)), "{text}");
    }
    assert_eq!(Reference::parse(&format!("app:{tag}")).expect("the longest tag").tag, Some(tag));
}

#[test]
fn a_digest_decides_and_a_tag_beside_it_names() {
    for digest in [SHA256, SHA512] {
        for (text, path, tag) in [("app:v1@", "app", Some("v1")), ("app@", "app", None), ("@", "", None)] {
            let parsed = Reference::parse(&format!("{text}{digest}")).expect(text);
            assert_eq!((&*parsed.path, parsed.tag.as_deref()), (path, tag));
            assert_eq!(parsed.digest.expect("a digest").as_str(), digest);
        }
    }
    let both = Reference::parse(&format!("host.io:1/a/app:v1@{SHA256}")).expect("all four parts");
    let target = Target::join(&both, None).expect("a whole reference");
    assert_eq!((target.wanted(), target.tag.as_deref()), (SHA256, Some("v1")));
}

#[test]
fn bad_references_show_the_input_and_the_rule() {
    let long_path = "a".repeat(256);
    let long_tag = format!("app:{}", "t".repeat(129));
    let twice = format!("app@{SHA256}@{SHA256}");
    let (upper_hex, short_hex) = (format!("app@{}", SHA256.to_uppercase()), format!("app@{}", &SHA256[..70]));
    #[rustfmt::skip]
    let table = [
        ("",                          "it is empty"),
        ("/",                         "empty component"),
        ("/app",                      "empty component"),
        ("app/",                      "empty component"),
        ("a//b",                      "empty component"),
        ("host.io/",                  "no repository"),
        ("host.io/:v1",               "no repository"),
        ("localhost:5000/",           "no repository"),
        ("App",                       "\"App\" has upper-case letters"),
        ("host.io/Team/app",          "\"Team\" has upper-case letters"),
        ("a b",                       "single . _ __ or - between"),
        (" app",                      "single . _ __ or - between"),
        ("app\n",                     "single . _ __ or - between"),
        ("app\0",                     "single . _ __ or - between"),
        ("a..b/c",                    "the host is not"),
        ("x/a..b",                    "\"a..b\" is not"),
        ("x/..",                      "\"..\" is not"),
        ("../x",                      "the host is not"),
        ("x/../y",                    "\"..\" is not"),
        ("x/.",                       "\".\" is not"),
        ("x/_a",                      "\"_a\" is not"),
        ("x/a_",                      "\"a_\" is not"),
        ("x/a___b",                   "\"a___b\" is not"),
        ("x/a._b",                    "\"a._b\" is not"),
        ("x/a%2fb",                   "\"a%2fb\" is not"),
        ("x/a?b=c",                   "\"a?b=c\" is not"),
        ("x/a#b",                     "\"a#b\" is not"),
        ("x/ä",                       "\"ä\" is not"),
        ("x/a\\b",                    "is not lower-case"),
        ("app:",                      "the tag is empty"),
        ("app:.x",                    "the tag is not"),
        ("app:-x",                    "the tag is not"),
        ("app:a b",                   "the tag is not"),
        ("app:ä",                     "the tag is not"),
        ("app:a?b",                   "the tag is not"),
        ("app:a:b",                   "single . _ __ or - between"),
        ("https://host.io/app",       "the port is no number"),
        ("host.io:/app",              "the port is no number"),
        ("host.io:x/app",             "the port is no number"),
        ("host.io:+1/app",            "the port is no number"),
        ("host.io:65536/app",         "the port is no number"),
        ("-host.io/app",              "the host is not"),
        ("host-.io/app",              "the host is not"),
        (".host.io/app",              "the host is not"),
        ("host.io./app",              "the host is not"),
        ("ho_st.io/app",              "the host is not"),
        ("höst.io/app",               "the host is not"),
        ("user:pass@host.io/app",     "no digest"),
        ("::1/app",                   "the port is no number"),
        ("[::1/app",                  "no IPv6 address"),
        ("[::g]:5/app",               "no IPv6 address"),
        ("[fe80::1%25eth0]/app",      "no IPv6 address"),
        ("[::1]5/app",                "the port is no number"),
        ("app@",                      "no colon after the algorithm"),
        ("app@sha256",                "no colon after the algorithm"),
        ("app@sha256:",               "64 lower-case hex digits"),
        ("app@sha256:../../x",        "64 lower-case hex digits"),
        ("app@md5:d41d8cd98f00b204e9800998ecf8427e", "neither sha256 nor sha512"),
        (&upper_hex,                  "neither sha256 nor sha512"),
        (&short_hex,                  "64 lower-case hex digits"),
        (&twice,                      "64 lower-case hex digits"),
        (&long_path,                  "longer than 255"),
        (&long_tag,                   "longer than 128"),
    ];
    for (text, rule) in table {
        let why = refused(Reference::parse(text), InvalidArgument, rule);
        assert!(why.to_string().contains(&format!("{text:?}")), "{why} does not show {text:?}");
    }
}

#[test]
fn the_repository_of_the_client_joins() {
    #[rustfmt::skip]
    let table = [
        // client's repository   reference             repository of the target
        (None,                   "app",                "app"),
        (None,                   "team/app",           "team/app"),
        (Some("team"),           "app",                "team/app"),
        (Some("team"),           "a/b",                "team/a/b"),
        (Some("team"),           "team",               "team"),
        (Some("team"),           "team/app",           "team/app"),
        // A common beginning is not being below.
        (Some("team"),           "teams/app",          "team/teams/app"),
        (Some("team"),           "team-x",             "team/team-x"),
        (Some("a/b"),            "a",                  "a/b/a"),
        (Some("a/b"),            "a/b/c",              "a/b/c"),
        (Some("a/b"),            ":v1",                "a/b"),
        // With a host the path stands as it is.
        (Some("team"),           "host.io/app",        "app"),
        (Some("team"),           "host.io/other/app",  "other/app"),
    ];
    for (base, text, repository) in table {
        let target = Target::join(&Reference::parse(text).expect(text), base).expect(text);
        assert_eq!(target.repository, repository, "{base:?} and {text}");
    }
    let by_digest = Reference::parse(&format!("@{SHA256}")).expect("a digest alone");
    let target = Target::join(&by_digest, Some("team/app")).expect("the client's repository");
    assert_eq!((target.repository.as_str(), target.tag, target.digest.is_some()), ("team/app", None, true));
}

#[test]
fn latest_is_meant_where_nothing_is_said() {
    let wanted = |text: &str| {
        let target = Target::join(&Reference::parse(text).expect(text), Some("team")).expect(text);
        (target.wanted().to_owned(), target.tag)
    };
    assert_eq!(wanted("app"), ("latest".to_owned(), Some("latest".to_owned())));
    assert_eq!(wanted("app:v1"), ("v1".to_owned(), Some("v1".to_owned())));
    assert_eq!(wanted(&format!("app@{SHA256}")), (SHA256.to_owned(), None));
}

#[test]
fn what_cannot_be_joined() {
    let reference = Reference::parse(":v1").expect("a tag alone");
    let why = refused(Target::join(&reference, None), InvalidArgument, "names no repository and the client has none");
    assert!(why.to_string().contains(":v1"), "{why}");
    let (half, other) = ("a".repeat(128), Reference::parse(&"b".repeat(128)).expect("short enough alone"));
    refused(Target::join(&other, Some(&half)), InvalidArgument, "longer than 255");
}

#[test]
fn a_repository_by_itself_follows_the_same_rules() {
    assert_eq!(repository("team/app").expect("a path"), "team/app");
    for bad in ["", "/", "a/", "/a", "A", "a:b", "a@b", "a b", "../a", "host.io:5000/a"] {
        let why = refused(repository(bad), InvalidArgument, "repository");
        assert!(why.to_string().contains(&format!("{bad:?}")), "{why}");
    }
}

fn component() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}"
}

fn host() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        "[a-z0-9]{1,5}(-[a-z0-9]{1,3})?(\\.[a-z]{2,4}){1,2}(:[1-9][0-9]{0,3})?".prop_map(Some),
        "localhost(:[1-9][0-9]{0,3})?".prop_map(Some),
        "\\[(::1|2001:db8::[0-9a-f]{1,4})\\](:[1-9][0-9]{0,3})?".prop_map(Some),
    ]
}

fn reference() -> impl Strategy<Value = Reference> {
    let path = prop::collection::vec(component(), 1..4).prop_map(|parts| parts.join("/"));
    let digest = prop::option::of("[0-9a-f]{64}".prop_map(|hex| format!("sha256:{hex}").parse().expect("a digest")));
    (host(), path, prop::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"), digest)
        // Without a host the first component must not look like one.
        .prop_filter("no host in the path", |(host, path, ..)| {
            let first = path.split_once('/').map(|(first, _)| first);
            host.is_some() || first.is_none_or(|first| !first.contains('.') && first != "localhost")
        })
        .prop_map(|(host, path, tag, digest)| Reference { host, path, tag, digest })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_reference_prints_as_it_parses(reference in reference()) {
        prop_assert_eq!(Reference::parse(&reference.to_string()).expect("its own text"), reference);
    }

    #[test]
    fn any_text_is_taken_whole_or_shown(text in any::<String>()) {
        match Reference::parse(&text) {
            Ok(reference) => prop_assert_eq!(reference.to_string(), text),
            Err(why) => {
                let shown = format!("{text:?}");
                prop_assert!(why.to_string().contains(&shown));
            }
        }
    }

    #[test]
    fn what_is_taken_is_safe_in_a_url(text in "[a-zA-Z0-9./:@_%?#\\[\\]-]{0,40}") {
        if let Ok(reference) = Reference::parse(&text) {
            let clean = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
            prop_assert!(reference.path.chars().all(clean) && !reference.path.split('/').any(|part| part == ".."));
            prop_assert!(reference.tag.iter().all(|tag| tag.chars().all(clean) && !tag.contains('/')));
        }
    }

    #[test]
    fn joining_keeps_the_path_and_never_doubles_the_base(base in component(), reference in reference()) {
        let target = Target::join(&reference, Some(&base)).expect("short enough");
        prop_assert!(target.repository.ends_with(&reference.path));
        let again = Reference { path: target.repository.clone(), ..reference };
        prop_assert_eq!(Target::join(&again, Some(&base)).expect("the same").repository, target.repository);
    }
}
