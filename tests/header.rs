//! The committed C header is what the sources say, and compilers of every age take it.

use std::path::Path;
use std::process::Command;

use multicloudj_registry::ErrorKind;

const HEADER: &str = "include/multicloudj_registry.h";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The header that cbindgen makes of `src/ffi/c` now.
fn generated() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    // It follows the modules from there.
    let builder = cbindgen::Builder::new().with_config(config).with_src(root().join("src/ffi/c/mod.rs"));
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    // Rust's heading for what an unsafe function asks of its caller, in words for a C reader.
    String::from_utf8(header).unwrap().replace("# Safety", "Required:")
}

#[test]
fn committed_header_is_current() {
    let path = root().join(HEADER);
    let generated = generated();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed != generated {
        let first = committed.lines().zip(generated.lines()).position(|(old, new)| old != new);
        let line = first.unwrap_or_else(|| committed.lines().count().min(generated.lines().count()));
        panic!(
            "{HEADER} is not what src/ffi/c says, from line {} on:\n  committed: {:?}\n  generated: {:?}\n\
             UPDATE_HEADER=1 cargo test --test header writes it",
            line + 1,
            committed.lines().nth(line),
            generated.lines().nth(line),
        );
    }
}

#[test]
fn kinds_have_the_numbers_of_the_engine() {
    let header = std::fs::read_to_string(root().join(HEADER)).unwrap();
    let mut expected = vec![("Ok".to_owned(), 0)];
    expected.extend(ErrorKind::ALL.iter().map(|kind| (format!("{kind:?}"), kind.number())));
    let declared: Vec<&str> =
        header.lines().map(str::trim).filter(|line| line.starts_with("MCJR_KIND_") && line.contains(" = ")).collect();
    let expected: Vec<String> =
        expected.iter().map(|(name, number)| format!("{} = {number},", screaming(name))).collect();
    assert_eq!(declared, expected);
}

/// `NotFound` as `MCJR_KIND_NOT_FOUND`.
fn screaming(name: &str) -> String {
    let mut text = "MCJR_KIND".to_owned();
    for letter in name.chars() {
        if letter.is_uppercase() {
            text.push('_');
        }
        text.extend(letter.to_uppercase());
    }
    text
}

#[test]
fn compilers_take_the_header() {
    let folder = tempfile::tempdir().unwrap();
    for (compiler, standard, name) in [
        ("gcc", "c99", "header.c"),
        ("gcc", "c11", "header.c"),
        ("gcc", "c2x", "header.c"),
        ("g++", "c++11", "header.cpp"),
        ("g++", "c++20", "header.cpp"),
    ] {
        let source = folder.path().join(name);
        // Twice: the guard works. Used: declarations alone would hide a type that is never completed.
        let text = format!(
            "#include \"{header}\"\n#include \"{header}\"\nint main(void) {{ return mcjr_version() == 0; }}\n",
            header = root().join(HEADER).display()
        );
        std::fs::write(&source, text).unwrap();
        let output = Command::new(compiler)
            .args(["-fsyntax-only", "-Wall", "-Wextra", "-pedantic", "-Werror"])
            // Means nothing in C++, whose compiler would warn about it.
            .args((compiler == "gcc").then_some("-Wstrict-prototypes"))
            .arg(format!("-std={standard}"))
            .arg(&source)
            .output()
            .unwrap_or_else(|why| panic!("{compiler}, which `make setup` installs, cannot be run: {why}"));
        assert!(output.status.success(), "{compiler} {standard}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
