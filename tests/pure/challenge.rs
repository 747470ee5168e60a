//! `WWW-Authenticate`: a test for each trap that a registry has set (PROVIDERS.md 4.1).

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use multicloudj_registry::transport::auth::challenge::{Challenge, parse};
use proptest::prelude::*;

/// What is chosen of these header lines.
fn choose(lines: &[&str]) -> Option<Challenge> {
    choose_bytes(&lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>())
}

fn choose_bytes(lines: &[&[u8]]) -> Option<Challenge> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_bytes(line).expect("bytes a header can hold"));
    }
    Challenge::all(&headers).into_iter().next()
}

fn bearer(realm: &str, service: &str, scope: &str) -> Option<Challenge> {
    Some(Challenge::Bearer { realm: realm.into(), service: service.into(), scope: scope.into() })
}

const REALM: &str = "https://auth.example.com/token";

#[test]
fn the_usual_ones() {
    let docker =
        r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull""#;
    assert_eq!(choose(&[docker]), bearer("https://auth.docker.io/token", "registry.docker.io", "repository:a/b:pull"));
    assert_eq!(choose(&[r#"Basic realm="Registry Realm""#]), Some(Challenge::Basic));
}

#[test]
fn commas_and_spaces_inside_quotes() {
    let line = format!(r#"Bearer realm="{REALM}",service="a, b",scope="repository:a/b:pull,push repository:c:pull""#);
    assert_eq!(choose(&[&line]), bearer(REALM, "a, b", "repository:a/b:pull,push repository:c:pull"));
}

#[test]
fn escapes_inside_quotes() {
    let line = format!(r#"Bearer realm="{REALM}",service="say \"hi\" \\ \,""#);
    assert_eq!(choose(&[&line]), bearer(REALM, r#"say "hi" \ ,"#, ""));
}

#[test]
fn values_without_quotes() {
    // regclient#265
    assert_eq!(choose(&["Basic realm=/"]), Some(Challenge::Basic));
    let line = format!("Bearer realm={REALM},service=registry,scope=repository:a/b:pull");
    assert_eq!(choose(&[&line]), bearer(REALM, "registry", "repository:a/b:pull"));
}

#[test]
fn spaces_wherever_the_grammar_lets_them_be() {
    let line = format!("  Bearer \t realm = \"{REALM}\" ,  service=\"s\"\t, scope = \"x\" ");
    assert_eq!(choose(&[&line]), bearer(REALM, "s", "x"));
}

#[test]
fn names_in_any_case() {
    let line = format!(r#"bEARER ReAlM="{REALM}",SERVICE="s",Scope="x""#);
    assert_eq!(choose(&[&line]), bearer(REALM, "s", "x"));
    assert_eq!(choose(&["BASIC REALM=\"x\""]), Some(Challenge::Basic));
}

#[test]
fn bearer_wins_wherever_it_stands() {
    let (basic, other) = (r#"Basic realm="r""#, format!(r#"Bearer realm="{REALM}",service="s""#));
    let expected = bearer(REALM, "s", "");
    // prowler#12691: several challenges in a line, Bearer not first.
    assert_eq!(choose(&[&format!("{basic}, {other}")]), expected);
    assert_eq!(choose(&[&format!("{other}, {basic}")]), expected);
    assert_eq!(choose(&[basic, &other]), expected);
    assert_eq!(choose(&[&other, basic]), expected);
}

#[test]
fn unknown_schemes_are_passed_over() {
    for unknown in [
        "Negotiate",
        "Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gJDAi==",
        "NTLM",
        "NTLM TlRMTVNTUAAB=",
        r#"Digest realm="a", qop="auth,auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v""#,
        "Mutual sid=123, stale=0",
        "AWS4-HMAC-SHA256",
    ] {
        assert_eq!(choose(&[&format!("{unknown}, Basic realm=\"x\"")]), Some(Challenge::Basic), "{unknown}");
        assert_eq!(choose(&[&format!("Basic realm=\"x\", {unknown}")]), Some(Challenge::Basic), "{unknown}");
        assert_eq!(choose(&[unknown, "Basic realm=\"x\""]), Some(Challenge::Basic), "{unknown}");
        assert_eq!(choose(&[unknown]), None, "{unknown}");
    }
}

#[test]
fn service_and_scope_may_be_missing() {
    // Google Artifact Registry, quay.io.
    assert_eq!(choose(&[&format!(r#"Bearer realm="{REALM}""#)]), bearer(REALM, "", ""));
    assert_eq!(choose(&[&format!(r#"Bearer realm="{REALM}",service="",scope="""#)]), bearer(REALM, "", ""));
}

#[test]
fn parameters_of_one_challenge_are_not_anothers() {
    let line = format!(r#"Bearer realm="{REALM}", Basic realm="other", service="not the bearer's""#);
    assert_eq!(choose(&[&line]), bearer(REALM, "", ""));
}

#[test]
fn nothing_to_go_by() {
    for lines in [&[][..], &[""], &[" "], &[","], &[",,, ,"], &["", ""], &["="], &["=x"], &["\"\""], &["realm=\"x\""]] {
        assert_eq!(choose(lines), None, "{lines:?}");
    }
    // A Bearer without a realm names no token service.
    assert_eq!(choose(&["Bearer"]), None);
    assert_eq!(choose(&[r#"Bearer service="s""#]), None);
    assert_eq!(choose(&["Bearer, Basic realm=\"x\""]), Some(Challenge::Basic));
}

#[test]
fn empty_elements_of_the_list_mean_nothing() {
    assert_eq!(choose(&[&format!(r#",, Bearer realm="{REALM}",,service="s",,"#)]), bearer(REALM, "s", ""));
}

#[test]
fn a_quote_that_never_closes_ends_the_line() {
    assert_eq!(choose(&[r#"Bearer realm="https://evil"#]), None);
    assert_eq!(choose(&[r#"Bearer realm="https://evil\"#]), None);
    assert_eq!(choose(&[r#"Basic realm="x", Bearer realm="https://evil, service=s"#]), Some(Challenge::Basic));
    // The next line is another matter.
    assert_eq!(choose(&[r#"Bearer realm="https://evil"#, "Basic realm=\"x\""]), Some(Challenge::Basic));
}

#[test]
fn a_realm_is_not_found_inside_another_value() {
    // jib#4523: a loose pattern finds `realm="…"` wherever it stands.
    let line = r#"Basic realm="x realm=\"https://evil/\"", Bearer error="realm=https://evil/""#;
    assert_eq!(choose(&[line]), Some(Challenge::Basic));
}

#[test]
fn the_first_of_two_equal_parameters_counts() {
    let line = format!(r#"Bearer realm="{REALM}",realm="https://evil/""#);
    assert_eq!(choose(&[&line]), bearer(REALM, "", ""));
}

#[test]
fn bytes_beyond_ascii_do_not_hide_a_challenge() {
    // ISO 8859-1, which RFC 9110 allows in quoted strings.
    assert_eq!(choose_bytes(&[b"Basic realm=\"Z\xfcrich\""]), Some(Challenge::Basic));
    assert_eq!(choose(&["Basic realm=\"Zürich\""]), Some(Challenge::Basic));
}

#[test]
fn more_than_eight_kibibytes_are_not_looked_at() {
    let filler = format!("Basic realm=\"{}\"", "x".repeat(8 << 10));
    assert_eq!(choose(&[&filler]), None);
    let half = format!("Basic realm=\"{}\"", "x".repeat(5 << 10));
    assert_eq!(choose(&[&half]), Some(Challenge::Basic));
    assert_eq!(choose(&[&half, &half]), None, "all lines together");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        parse(&text);
    }

    #[test]
    fn no_near_miss_makes_it_panic(text in "(Basic|Bearer|Negotiate|[ ,=\"\\\\\t]|realm|scope|x|ä|https://a/b){0,24}") {
        parse(&text);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop_oneof![Just(b'\t'), 0x20..0x7f_u8, 0x80..=0xff_u8], 0..64)) {
        choose_bytes(&[&bytes]);
    }

    #[test]
    fn any_quoted_value_comes_back(value in "[ -~]{0,40}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let line = format!("Basic a=\"b\", Bearer x=y,realm=\"{REALM}\" , service=\"{quoted}\"");
        prop_assert_eq!(choose(&[&line]), bearer(REALM, &value, ""));
    }
}
