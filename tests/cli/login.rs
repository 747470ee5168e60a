//! Passwords come by standard input, certificates by file.

use multicloudj_registry::ErrorKind::{InvalidArgument, Unavailable};

use crate::command::{Mcjr, PASSWORD, USER, push};
use crate::support::Registry;

const LOGIN: [&str; 3] = ["--username", USER, "--password-stdin"];

#[test]
fn the_end_of_the_line_is_no_part_of_the_password() {
    for end in ["", "\n", "\r\n"] {
        let registry = Registry::builder().basic(USER, PASSWORD).start();
        push(&registry);
        Mcjr::pull(&registry, "app:v1").args(&LOGIN).input(format!("{PASSWORD}{end}").as_bytes()).works();
    }
    // But what stands before it is.
    for odd in [" spaces ", "two\nlines", "wörd \u{1f512}", "", "\n"] {
        let registry = Registry::builder().bearer().login(USER, odd).start();
        push(&registry);
        Mcjr::pull(&registry, "app:v1").args(&LOGIN).input(format!("{odd}\n").as_bytes()).works();
    }
}

#[test]
fn something_that_is_no_password() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    Mcjr::pull(&registry, "app:v1").args(&LOGIN).input(&[b'x'; 100_000]).fails(InvalidArgument, "longer than");
    let ended = Mcjr::pull(&registry, "app:v1").args(&LOGIN).input(b"\xff\xfe").run();
    assert_ne!(ended.code, Some(0));
    assert!(registry.requests().is_empty());
}

#[test]
fn a_login_needs_to_know_where_it_may_go() {
    let pull = Mcjr::new(&["pull", "registry.example.com/app:v1", "image.tar"]).args(&LOGIN).input(b"x");
    pull.fails(InvalidArgument, "need an endpoint");
}

#[test]
fn a_private_authority() {
    let registry = Registry::builder().tls().basic(USER, PASSWORD).start();
    push(&registry);
    let pull = || Mcjr::pull(&registry, "app:v1").args(&LOGIN).input(PASSWORD.as_bytes());
    pull().args(&["--ca", &registry.ca().to_string_lossy()]).works();
    pull().fails(Unavailable, "cannot connect");
}

#[test]
fn a_token_service_that_the_user_named() {
    let registry = Registry::builder().bearer().login(USER, PASSWORD).realm_on_other_origin().start();
    push(&registry);
    let host = registry.other_url().strip_prefix("http://").expect("plain http").to_owned();
    let pull = || Mcjr::pull(&registry, "app:v1").args(&LOGIN).input(PASSWORD.as_bytes());
    pull().args(&["--option", &format!("trusted-auth-hosts={host}")]).works();
    pull().fails(multicloudj_registry::ErrorKind::Unauthorized, "was not sent to");
}
