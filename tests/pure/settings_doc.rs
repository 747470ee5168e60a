//! docs/settings.md says what is true: every key in it is one, with a value like the one in it.

use multicloudj_registry::{PullOptions, Settings};

/// Key and example of each row below `heading`.
fn rows(heading: &str) -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let (_, section) = text.split_once(heading).expect("its section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cell = |line: &str, n: usize| line.split('|').nth(n).map(|cell| cell.trim().trim_matches('`').to_owned());
    rows.map(|line| (cell(line, 1).expect("a key"), cell(line, 2).expect("an example"))).collect()
}

#[test]
fn keys_of_a_client() {
    let rows = rows("## Of a client");
    assert!(rows.len() > 20);
    let mut settings = Settings::default();
    for (key, value) in rows {
        settings.set(&key, &value).unwrap_or_else(|why| panic!("{key}={value}: {why}"));
    }
}

#[test]
fn keys_of_a_pull() {
    let rows = rows("## Of a pull");
    assert_eq!(rows.len(), 5);
    let mut options = PullOptions::default();
    for (key, value) in rows {
        options.set(&key, &value).unwrap_or_else(|why| panic!("{key}={value}: {why}"));
    }
}
