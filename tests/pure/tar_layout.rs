//! The tar's layout: what other readers make of our headers.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use multicloudj_registry::archive::docker;
use multicloudj_registry::archive::layout::{BLOCK, Layout, header, padded};
use multicloudj_registry::archive::output::Destination;
use multicloudj_registry::digest::Digest;
use serde_json::{Value, json};

use crate::manifest::{GZIP, descriptor, image, manifest};
use crate::{SHA256, SHA512};

/// What a reader finds: name and size.
type Entries = Vec<(String, u64)>;

/// The layout as a file; what is not known yet reads as zeros and takes no room.
fn written(layout: &Layout, folder: &Path) -> PathBuf {
    let path = folder.join("layout.tar");
    let output = Destination::check(&path).expect("a free name").create().expect("a file");
    layout.write(&output).expect("what is known");
    let runtime = multicloudj_registry::runtime::handle().expect("a runtime");
    runtime.block_on(output.commit(false)).expect("a name");
    path
}

fn by_tar_crate(path: &Path) -> Entries {
    let mut archive = tar::Archive::new(File::open(path).expect("the file"));
    let entries = archive.entries_with_seek().expect("a tar");
    let entries = entries.map(|entry| {
        let entry = entry.expect("an entry");
        (entry.path().expect("a name").to_string_lossy().into_owned(), entry.size())
    });
    entries.collect()
}

/// `None`, aloud, where there is no Python.
fn by_python(path: &Path) -> Option<Entries> {
    let script = "import json, sys, tarfile\n\
                  print(json.dumps([[m.name, m.size] for m in tarfile.open(sys.argv[1], 'r:')]))";
    let output = Command::new("python3").arg("-c").arg(script).arg(path).stderr(Stdio::inherit()).output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: no python3 to read the tar with");
        return None;
    };
    assert!(output.status.success(), "Python does not read it");
    Some(serde_json::from_slice(&output.stdout).expect("its list"))
}

#[track_caller]
fn reads_as(layout: &Layout, expected: &[(&str, u64)]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(layout, folder.path());
    let expected: Entries = expected.iter().map(|&(name, size)| (name.to_owned(), size)).collect();
    assert_eq!(by_tar_crate(&path), expected);
    if let Some(found) = by_python(&path) {
        assert_eq!(found, expected);
    }
    let size = path.metadata().expect("the file").len();
    assert_eq!(size, layout.end + 2 * BLOCK, "two blocks of zeros at the end");
}

#[test]
fn small_entries() {
    let mut layout = Layout::default();
    layout.file("empty", Vec::new());
    layout.file("one", vec![1]);
    layout.file("block", vec![2; 512]);
    layout.file("more", vec![3; 513]);
    reads_as(&layout, &[("empty", 0), ("one", 1), ("block", 512), ("more", 513)]);
}

#[test]
fn sizes_around_eight_gibibytes() {
    // Eleven octal digits end there.
    const LIMIT: u64 = 8 << 30;
    let digest = Digest::sha256(b"");
    let mut layout = Layout::default();
    for (name, size) in [("below", LIMIT - 1), ("at", LIMIT), ("above", LIMIT + 1), ("far", 1 << 40)] {
        layout.layer(name, &digest, size);
    }
    layout.file("last", b"found".to_vec());
    reads_as(&layout, &[("below", LIMIT - 1), ("at", LIMIT), ("above", LIMIT + 1), ("far", 1 << 40), ("last", 5)]);
}

#[test]
fn blobs_begin_where_the_layout_says() {
    let digest = Digest::sha256(b"blob");
    let mut layout = Layout::default();
    layout.file("a", b"x".to_vec());
    layout.layer("b", &digest, 4);
    layout.layer("c", &digest, 0);
    let offsets: Vec<u64> = layout.placed.iter().map(|placed| placed.offset).collect();
    // Header and one block for "a"; header of "b"; its block; header of "c".
    assert_eq!(offsets, [3 * BLOCK, 5 * BLOCK]);
    assert_eq!(layout.end, 5 * BLOCK);
    assert_eq!([0, 1, 511, 512, 513].map(padded), [0, 512, 512, 512, 1024]);
}

#[test]
fn names_of_sha512_blobs_are_longer_than_a_header() {
    let mut layout = Layout::default();
    let name = format!("blobs/{}", SHA512.replace(':', "/"));
    layout.file(&name, b"content".to_vec());
    layout.file("last", Vec::new());
    reads_as(&layout, &[(name.as_str(), 7), ("last", 0)]);
    // At the edge: 99, 100 and 101 bytes.
    let names = [99, 100, 101].map(|n| "n".repeat(n));
    let mut layout = Layout::default();
    names.iter().for_each(|name| layout.file(name, b"x".to_vec()));
    reads_as(&layout, &[(&names[0], 1), (&names[1], 1), (&names[2], 1)]);
}

#[test]
fn a_header_says_nothing_of_this_machine() {
    let bytes = header("name", 7);
    let header = tar::Header::from_byte_slice(&bytes);
    let number = |n: std::io::Result<u64>| n.expect("a number");
    assert_eq!((number(header.uid()), number(header.gid()), number(header.mtime())), (0, 0, 0));
    assert_eq!((header.mode().expect("a mode"), header.entry_type().is_file()), (0o644, true));
    assert_eq!(bytes, self::header("name", 7), "the same input gives the same bytes");
    assert_eq!(bytes.len() as u64, BLOCK);
}

#[test]
fn the_docker_layout() {
    let other = Digest::sha256(b"other");
    let mut document = image();
    document["layers"] =
        json!([descriptor(GZIP, SHA256, 10), descriptor(GZIP, other.as_str(), 600), descriptor(GZIP, SHA256, 10)]);
    let manifest = manifest(&document);
    let (layout, config) = docker::layout(&manifest, &["host/app:v1".to_owned()], |_| false);
    let (first, second) = (format!("sha256_{}", &SHA256[7..]), format!("sha256_{}", other.hex()));

    let folder = tempfile::tempdir().expect("a folder");
    let path = written(&layout, folder.path());
    let index = format!(
        r#"[{{"Config":"{first}/json","Layers":["{first}/layer.tar","{second}/layer.tar","{first}/layer.tar"],"RepoTags":["host/app:v1"]}}]"#
    );
    let expected = [
        ("VERSION".to_owned(), 3),
        ("manifest.json".to_owned(), index.len() as u64),
        (format!("{first}/json"), manifest.config.size),
        (format!("{first}/layer.tar"), 10),
        (format!("{second}/layer.tar"), 600),
    ];
    assert_eq!(by_tar_crate(&path), expected, "a layer listed twice is there once");
    let entry = tar::Archive::new(File::open(&path).expect("the file"))
        .entries_with_seek()
        .expect("a tar")
        .nth(2)
        .expect("an entry")
        .expect("readable")
        .raw_file_position();
    assert_eq!(config, entry, "where the config is to be written");
    let mut archive = tar::Archive::new(File::open(&path).expect("the file"));
    let mut manifest_json = String::new();
    let mut entry = archive.entries().expect("a tar").nth(1).expect("an entry").expect("readable");
    entry.read_to_string(&mut manifest_json).expect("text");
    let (found, wanted): (Value, Value) =
        (serde_json::from_str(&manifest_json).expect("JSON"), serde_json::from_str(&index).expect("JSON"));
    assert_eq!(found, wanted);
}

#[test]
fn a_docker_layout_of_an_image_without_layers() {
    let mut document = image();
    document["layers"] = json!([]);
    let (layout, _) = docker::layout(&manifest(&document), &[], |_| false);
    let folder = tempfile::tempdir().expect("a folder");
    let entries = by_tar_crate(&written(&layout, folder.path()));
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    let config = format!("sha256_{}/json", &SHA256[7..]);
    assert_eq!(names, ["VERSION", "manifest.json", &config], "the config in its own folder");
}
