//! What goes to which stream: results to stdout, everything else to stderr.

use serde_json::{Value, json};

use crate::command::{Mcjr, push};
use crate::support::{Registry, catalogue};

#[test]
fn a_line_for_people() {
    let registry = Registry::start();
    let image = push(&registry);
    let ended = Mcjr::pull(&registry, "app:v1").works();
    assert_eq!(ended.stdout, "", "stdout is for results that were asked for");
    let size = ended.folder.path().join("image.tar").metadata().expect("the archive").len();
    assert_eq!(ended.stderr, format!("{} linux/amd64 -> image.tar ({size} bytes)\n", image.digest));
}

#[test]
fn one_object_for_programs() {
    let registry = Registry::start();
    let image = push(&registry);
    let ended = Mcjr::pull(&registry, "app:v1").args(&["--json"]).works();
    let result: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    let size = ended.folder.path().join("image.tar").metadata().expect("the archive").len();
    let expected = json!({
        "savedPath": "image.tar", "digest": image.digest, "tag": "v1", "indexDigest": null,
        "configDigest": image.config_digest, "platform": "linux/amd64", "size": size,
    });
    assert_eq!(result, expected);
    assert_eq!(ended.stdout.lines().count(), 1);
    assert_eq!(ended.stderr, "", "nothing to disturb a log");
}

#[test]
fn an_index_and_no_tag() {
    let registry = Registry::start();
    let index = catalogue::multi(&registry, "app", "multi");
    let pull = Mcjr::pull(&registry, &format!("app@{}", index.digest));
    let ended = pull.args(&["--json", "--platform", "linux/arm64"]).works();
    let result: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    assert_eq!((&result["indexDigest"], &result["tag"]), (&json!(index.digest), &Value::Null));
    assert_eq!(result["digest"], json!(index.child("linux/arm64/v8").digest));
    assert_eq!(result["platform"], "linux/arm64/v8");
}

#[test]
fn quiet_is_quiet() {
    let registry = Registry::start();
    push(&registry);
    for flag in ["-q", "--quiet"] {
        let ended = Mcjr::pull(&registry, "app:v1").args(&[flag]).works();
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    }
    let ended = Mcjr::pull(&registry, "app:v1").args(&["-q", "--json"]).works();
    assert!(ended.stdout.starts_with('{') && ended.stderr.is_empty());
    let ended = Mcjr::pull(&registry, "app:gone").args(&["-q"]).run();
    assert!(ended.stderr.starts_with("mcjr: get manifest"), "errors are told all the same: {}", ended.stderr);
}

#[test]
fn progress_in_a_log_is_a_line_now_and_then() {
    let registry = Registry::start();
    let image = push(&registry);
    // Longer than the time between two lines.
    registry.fault(&format!("GET /v2/app/blobs/{} delay=5500", image.layers[1].digest));
    let ended = Mcjr::pull(&registry, "app:v1").works();
    assert_eq!(ended.stdout, "");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.stderr);
    assert!(lines[0].ends_with("1 of 2 layers"), "{}", lines[0]);
    assert!(!ended.stderr.contains(['\r', '\u{1b}']), "no terminal, no codes for one: {:?}", ended.stderr);
}

#[test]
fn errors_tell_their_causes_and_how_long_it_took() {
    let registry = Registry::start();
    push(&registry);
    registry.fault("GET /v2/app/blobs/* after=1 cut=7");
    let ended = Mcjr::pull(&registry, "app:v1").once().run();
    assert!(ended.stderr.contains("7 bytes") && ended.stderr.contains(" s)"), "{}", ended.stderr);
    assert!(ended.stderr.lines().count() > 1 && ended.stderr.contains("\n  caused by: "), "{}", ended.stderr);
}

#[test]
fn formats_on_the_command_line() {
    let registry = Registry::start();
    push(&registry);
    let names = |arguments: &[&str]| {
        let ended = Mcjr::pull(&registry, "app:v1").args(arguments).works();
        let file = std::fs::File::open(ended.folder.path().join("image.tar")).expect("the archive");
        let mut archive = tar::Archive::new(file);
        let entries = archive.entries().expect("a tar");
        entries
            .map(|entry| entry.expect("an entry").path().expect("a name").to_string_lossy().into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&["--format", "oci", "--durable"])[0], "oci-layout");
    assert_eq!(names(&["--layers", "uncompressed", "--format", "docker"])[0], "VERSION");
}
