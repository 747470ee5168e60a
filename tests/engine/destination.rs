//! Where archives may go, and what becomes of what was there.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use multicloudj_registry::ErrorKind::{Integrity, InvalidArgument};

use crate::fixture::Puller;
use crate::support::{Image, Registry, gzip};

fn registry() -> Registry {
    let registry = Registry::start();
    Image::new().layer(gzip(&[("a", b"x")])).push(&registry, "app", "v1");
    registry
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("a file").permissions().mode() & 0o7777
}

/// The file that the test process would get.
fn umask_mode() -> u32 {
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:")).expect("a umask");
    0o666 & !u32::from_str_radix(mask.trim(), 8).expect("octal")
}

#[test]
fn a_new_file_has_the_mode_of_any_new_file() {
    let registry = registry();
    let puller = Puller::at(&registry);
    puller.works("app:v1");
    assert_eq!(mode(&puller.file()), umask_mode());
}

#[test]
fn a_file_that_was_there_is_replaced_and_its_mode_kept() {
    let registry = registry();
    for bits in [0o600, 0o640, 0o444] {
        let puller = Puller::at(&registry);
        fs::write(puller.file(), "old").expect("a file");
        fs::set_permissions(puller.file(), fs::Permissions::from_mode(bits)).expect("a mode");
        let inode = puller.file().metadata().expect("the file").ino();
        puller.works("app:v1");
        assert_eq!(mode(&puller.file()), bits);
        assert_ne!(puller.file().metadata().expect("the file").ino(), inode, "renamed into place");
    }
}

#[test]
fn a_file_that_was_there_survives_a_failure() {
    let registry = registry();
    registry.fault("GET /v2/app/blobs/* after=1 flip=5");
    let puller = Puller::at(&registry);
    fs::write(puller.file(), "old bytes").expect("a file");
    // `fails` compares bytes and mode of everything in the folder.
    puller.fails("app:v1", Integrity, "");
    assert_eq!(fs::read(puller.file()).expect("the file"), b"old bytes");
}

#[test]
fn whoever_reads_the_old_file_reads_it_to_its_end() {
    use std::io::Read as _;
    let registry = registry();
    let puller = Puller::at(&registry);
    fs::write(puller.file(), "old bytes").expect("a file");
    let mut open = fs::File::open(puller.file()).expect("the file");
    puller.works("app:v1");
    let mut text = String::new();
    open.read_to_string(&mut text).expect("its bytes");
    assert_eq!(text, "old bytes");
}

#[test]
fn a_symlink_stays_and_its_target_is_replaced() {
    let registry = registry();
    let puller = Puller::at(&registry);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let target = elsewhere.path().join("target.tar");
    fs::write(&target, "old").expect("a file");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o604)).expect("a mode");
    symlink(&target, puller.file()).expect("a link");
    let pulled = puller.pull_to("app:v1", &puller.file()).expect("the pull works");
    assert_eq!(pulled.saved_path, puller.file(), "as the caller named it");
    assert_eq!(fs::read_link(puller.file()).expect("still a link"), target);
    assert_eq!(target.metadata().expect("the target").len(), pulled.size);
    assert_eq!(mode(&target), 0o604);
    assert_eq!(crate::fixture::listing(elsewhere.path()).len(), 1);
}

#[test]
fn a_dangling_symlink_comes_to_point_at_the_archive() {
    let registry = registry();
    let puller = Puller::at(&registry);
    // Relative to the link, not to the working directory.
    fs::create_dir(puller.folder().join("sub")).expect("a folder");
    symlink("sub/target.tar", puller.file()).expect("a link");
    puller.pull_to("app:v1", &puller.file()).expect("the pull works");
    assert!(puller.folder().join("sub/target.tar").is_file());
    assert!(puller.file().symlink_metadata().expect("the link").is_symlink());
}

#[test]
fn a_symlink_swapped_for_another_is_not_followed_twice() {
    let registry = registry();
    let puller = Puller::at(&registry);
    let (first, second) = (puller.folder().join("first"), puller.folder().join("second"));
    fs::write(&second, "untouched").expect("a file");
    symlink(&first, puller.file()).expect("a link");
    let (link, to) = (puller.file(), second.clone());
    registry.on("GET /v2/app/manifests/v1", move |_, _| {
        fs::remove_file(&link).expect("the link");
        symlink(&to, &link).expect("a link");
    });
    puller.pull_to("app:v1", &puller.file()).expect("the pull works");
    assert_eq!(fs::read(&second).expect("the file"), b"untouched");
    assert!(first.is_file(), "resolved once, at the start");
}

#[test]
fn places_that_are_none() {
    let registry = registry();
    let puller = Puller::at(&registry);
    let folder = puller.folder().to_owned();
    let at = |name: &str| folder.join(name);
    fs::create_dir(at("folder")).expect("a folder");
    fs::write(at("file"), "x").expect("a file");
    symlink(at("folder"), at("to-folder")).expect("a link");
    symlink("loop", at("loop")).expect("a link");
    symlink("missing/target", at("to-nowhere")).expect("a link");
    let fifo = std::process::Command::new("mkfifo").arg(at("fifo")).status().expect("mkfifo");
    assert!(fifo.success());
    let long = "n".repeat(300);
    #[rustfmt::skip]
    let table: Vec<(PathBuf, &str)> = vec![
        (at("folder"),           "no regular file"),
        (at("to-folder"),        "no regular file"),
        (at("fifo"),             "no regular file"),
        ("/dev/null".into(),     "no regular file"),
        (at("loop"),             ""),
        (at("missing/file.tar"), "directory does not exist"),
        (at("to-nowhere"),       "directory does not exist"),
        (at("file/file.tar"),    ""),
        (at(&long),              ""),
        (at("new/"),             "names no file"),
        (at("file/"),            "names no file"),
        (at("folder/"),          "names no file"),
        (at("new/."),            "names no file"),
        (at("folder/.."),        "names no file"),
        ("".into(),              "names no file"),
        ("/".into(),             "names no file"),
        (".".into(),             "names no file"),
        ("..".into(),            "names no file"),
    ];
    for (path, words) in table {
        let why = puller.fails_to("app:v1", &path, InvalidArgument, words).to_string();
        assert!(why.contains(&format!("destination {}", path.display())), "{why}");
    }
    assert!(registry.requests().is_empty(), "known before anything is asked");
}

#[test]
fn odd_names_are_names() {
    let registry = registry();
    let longest = ["\u{1f40b}".repeat(63), "n".repeat(255), "ä".repeat(127)];
    let odd = ["a b", "-rf", ".hidden", "new\nline", "quote\"", "*", "image.tar.mcjr-part"];
    for name in odd.iter().map(|&name| name.to_owned()).chain(longest) {
        let puller = Puller::at(&registry);
        let path = puller.folder().join(&name);
        puller.pull_to("app:v1", &path).unwrap_or_else(|why| panic!("{name:?}: {why}"));
        assert_eq!(puller.listing().into_keys().collect::<Vec<_>>(), [name]);
    }
    // Bytes that are no text.
    use std::os::unix::ffi::OsStrExt as _;
    let puller = Puller::at(&registry);
    let path = puller.folder().join(std::ffi::OsStr::from_bytes(b"\xff\xfe.tar"));
    puller.pull_to("app:v1", &path).expect("the pull works");
    assert!(path.is_file());
}

#[test]
fn while_it_grows_nobody_else_may_read_it() {
    let registry = registry();
    let puller = Puller::at(&registry);
    let folder = puller.folder().to_owned();
    let (seen, told) = std::sync::mpsc::channel();
    let seen = std::sync::Mutex::new(seen);
    registry.on("GET /v2/app/blobs/* after=1", move |_, _| {
        let _ = seen.lock().expect("one user").send(crate::fixture::listing(&folder));
    });
    puller.works("app:v1");
    let during = told.recv().expect("a layer was asked for");
    let (name, (mode, _)) = during.into_iter().next().expect("a temporary file");
    assert_eq!(mode & 0o777, 0o600);
    assert!(name.starts_with(".image.tar.") && name.ends_with(".mcjr-part"), "{name}");
}

#[test]
fn durable_archives_are_archives() {
    let registry = registry();
    let puller = Puller::at(&registry).option("durable", "true");
    puller.works("app:v1");
    puller.works("app:v1");
}
