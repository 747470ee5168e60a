//! The README's examples for C and the shell, run word for word but for the registry's address.
//! (The Java one is run by the Java tests, which have the jar: `client/ReadmeTest`.)

#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Image, Index, Pushed, Registry, gzip};

/// The text between ```` ```language ```` and the next fence, with `registry` in the place of the one that does not exist.
fn example(language: &str, registry: &Registry) -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let begin = format!("```{language}\n");
    let (_, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("the README has no {language} example"));
    let (text, _) = rest.split_once("\n```").unwrap();
    assert!(text.contains("https://registry.example.com"), "{text}");
    text.replace("https://registry.example.com", registry.url())
}

/// `team/app:1.2` for two platforms.
fn registry() -> (Registry, Pushed) {
    let registry = Registry::start();
    let index = Index::new()
        .image(Image::new().layer(gzip(&[("etc/motd", b"amd64\n")])))
        .image(Image::new().layer(gzip(&[("etc/motd", b"arm64\n")])).platform("linux/arm64/v8"))
        .push(&registry, "team/app", "1.2");
    let amd64 = index.child("linux/amd64").clone();
    (registry, amd64)
}

#[test]
fn shell_example() {
    let (registry, amd64) = registry();
    let folder = tempfile::tempdir().unwrap();
    let mcjr = Path::new(env!("CARGO_BIN_EXE_mcjr")).parent().unwrap().to_owned();
    let path = std::env::join_paths([mcjr, PathBuf::from("/usr/bin"), PathBuf::from("/bin")]).unwrap();
    let output = Command::new("sh")
        .args(["-euc", &example("sh", &registry)])
        .env("PATH", path)
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["platform"], "linux/arm64/v8");
    assert!(String::from_utf8_lossy(&output.stderr).contains(&amd64.digest.to_string()));
    for archive in ["app.tar", "app-arm64.tar", "app.oci.tar"] {
        assert!(folder.path().join(archive).is_file(), "{archive}");
    }
}

#[test]
fn c_example() {
    let (registry, amd64) = registry();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("example.c"), example("c", &registry)).unwrap();
    // cargo puts the shared library beside the tests that use it.
    let library = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let compiled = Command::new("gcc")
        .args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", "example", "example.c"])
        .arg("-I")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"))
        .arg("-L")
        .arg(&library)
        .arg("-lmulticloudj_registry")
        .arg(format!("-Wl,-rpath,{}", library.display()))
        .current_dir(&folder)
        .output()
        .expect("gcc, which `make setup` installs, cannot be run");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let output = Command::new(folder.path().join("example"))
        .env_remove("LD_LIBRARY_PATH")
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), amd64.digest.to_string());
    assert!(folder.path().join("app.tar").is_file());
}
