//! Exit codes: 10 and the number of the error's kind.

use multicloudj_registry::ErrorKind::{
    DeadlineExceeded, Integrity, InvalidArgument, Io, Malformed, NotFound, RateLimited, Unauthorized, Unavailable,
    Unsupported,
};

use crate::command::{Mcjr, PASSWORD, USER, push};
use crate::support::{Registry, odd};

#[test]
fn what_the_registry_says() {
    let registry = Registry::start();
    push(&registry);
    for (fault, kind, words) in [
        ("status=404", NotFound, "HTTP 404"),
        ("status=401", Unauthorized, "HTTP 401"),
        ("status=403", Unauthorized, "DENIED"),
        ("status=429", RateLimited, "TOOMANYREQUESTS"),
        ("status=503", Unavailable, "HTTP 503"),
        ("status=504", DeadlineExceeded, "HTTP 504"),
        ("body={", Integrity, "Docker-Content-Digest"),
        ("body={ digest-header=none", Malformed, "no manifest"),
        ("reset", Unavailable, "GET"),
    ] {
        registry.reset();
        registry.fault(&format!("GET /v2/app/manifests/v1 {fault}"));
        Mcjr::pull(&registry, "app:v1").fails(kind, words);
    }
    registry.reset();
    registry.fault("GET /v2/app/blobs/* after=1 flip=3");
    Mcjr::pull(&registry, "app:v1").fails(Integrity, "get layer sha256:");
    odd::schema1(&registry, "app", "old");
    Mcjr::pull(&registry, "app:old").fails(Unsupported, "schema 1");
}

#[test]
fn what_the_user_says() {
    let registry = Registry::start();
    push(&registry);
    for (arguments, words) in [
        (&["--platform", "linux"][..], "platform \"linux\""),
        (&["--max-connections", "0"], "1 to 256"),
        (&["--provider", "nope"], "provider \"nope\" is unknown"),
        (&["-o", "colour=red"], "option \"colour\" is unknown"),
        (&["-o", "colour"], "not KEY=VALUE"),
        (&["--ca", "missing.pem"], "trusted certificates missing.pem"),
        (&["--format", "oci", "--layers", "uncompressed"], "keeps layers as stored"),
    ] {
        Mcjr::pull(&registry, "app:v1").args(arguments).fails(InvalidArgument, words);
    }
    Mcjr::pull(&registry, "App:v1").fails(InvalidArgument, "reference \"App:v1\"");
    Mcjr::pull(&registry, "example.com/app:v1").fails(InvalidArgument, "is not http://127.0.0.1");
    Mcjr::new(&["pull", "--endpoint", registry.url(), "app:v1", "missing/image.tar"])
        .fails(InvalidArgument, "destination missing/image.tar: its directory does not exist");
    assert!(registry.requests().is_empty());
}

#[test]
fn a_registry_that_is_not_there() {
    let gone = Registry::start().url().to_owned();
    let pull = Mcjr::new(&["pull", "--endpoint", &gone, "app:v1", "image.tar"]);
    pull.fails(Unavailable, "cannot connect: Connection refused");
}

#[test]
fn a_wrong_password() {
    let registry = Registry::builder().basic(USER, PASSWORD).start();
    push(&registry);
    let pull = Mcjr::pull(&registry, "app:v1").args(&["--username", USER, "--password-stdin"]).input(b"wrong\n");
    pull.fails(Unauthorized, "HTTP 401");
    assert_eq!(registry.requests().len(), 2);
}

#[test]
fn plain_http_beyond_this_machine() {
    for endpoint in ["http://192.0.2.1:5000", "http://[2001:db8::1]"] {
        let pull = Mcjr::new(&["pull", "--endpoint", endpoint, "app:v1", "image.tar"]);
        pull.fails(InvalidArgument, "plain http is only for loopback addresses");
    }
}

#[test]
fn a_folder_that_takes_the_place_of_the_file() {
    let registry = Registry::start();
    push(&registry);
    let pull = Mcjr::pull(&registry, "app:v1");
    let file = pull.file();
    registry.on("GET /v2/app/blobs/* after=1 once", move |_, _| std::fs::create_dir(&file).expect("a folder"));
    let ended = pull.run();
    assert_eq!(ended.code, Some(10 + Io.number()), "{}", ended.stderr);
    assert_eq!(ended.files, ["image.tar"], "the folder, and nothing beside it");
    assert!(ended.folder.path().join("image.tar").is_dir());
}
