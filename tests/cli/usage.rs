//! Help that helps, and usage errors.

use multicloudj_registry::ErrorKind;

use crate::command::Mcjr;

fn help(arguments: &[&str]) -> String {
    let ended = Mcjr::new(arguments).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

#[test]
fn an_example_for_each_group_of_options() {
    let text = help(&["pull", "--help"]);
    let (options, examples) = text.split_once("Examples:").expect("examples");
    let groups: Vec<&str> = options
        .lines()
        .filter_map(|line| line.strip_suffix(':'))
        .filter(|heading| !heading.starts_with(' ') && !["Arguments", "Options"].contains(heading))
        .collect();
    assert_eq!(groups, ["Registry", "Login", "Image", "Archive", "Transfer", "Output"]);
    for group in groups {
        let line = examples.lines().find(|line| line.trim_start().starts_with(&format!("{group}:")));
        assert!(line.is_some_and(|line| line.contains("mcjr pull")), "no example of {group}");
    }
    assert!(examples.contains("docker load -i"), "and what to do with it");
}

#[test]
fn every_option_that_an_example_uses_exists() {
    let text = help(&["pull", "--help"]);
    let (options, examples) = text.split_once("Examples:").expect("examples");
    for word in examples.split_whitespace().filter(|word| word.starts_with("--") && *word != "--help") {
        assert!(options.contains(word), "{word}");
    }
}

#[test]
fn every_exit_code_is_told() {
    let text = help(&["--help"]);
    let never = [ErrorKind::Closed, ErrorKind::Interrupted];
    for kind in ErrorKind::ALL.into_iter().filter(|kind| !never.contains(kind)) {
        let code = format!("{} ", 10 + kind.number());
        assert!(text.contains(&code), "{code}{kind:?}\n{text}");
    }
    assert!(text.contains("0 done") && text.contains("2 bad usage"));
}

#[test]
fn bad_usage_is_two() {
    for arguments in [
        &[][..],
        &["push"],
        &["pull"],
        &["pull", "app:v1"],
        &["pull", "app:v1", "image.tar", "more"],
        &["pull", "--colour", "app:v1", "image.tar"],
        &["pull", "--format", "zip", "app:v1", "image.tar"],
        &["pull", "--layers", "zstd", "app:v1", "image.tar"],
        &["pull", "--username", "ci", "app:v1", "image.tar"],
        &["pull", "--password-stdin", "app:v1", "image.tar"],
        &["pull", "--key", "client.key", "app:v1", "image.tar"],
    ] {
        let ended = Mcjr::new(arguments).run();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.files.is_empty());
    }
}

#[test]
fn the_version() {
    assert_eq!(help(&["--version"]), format!("mcjr {}\n", env!("CARGO_PKG_VERSION")));
}
