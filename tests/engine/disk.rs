//! Full disks, on a tiny file system that the test mounts. Without the right to mount it says so and does nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use multicloudj_registry::ErrorKind::{DiskFull, InvalidArgument};

use crate::archive::{Archive, Kept};
use crate::fixture::{Puller, listing, tells};
use crate::support::{Content, Image, Registry, plain, zstd};

/// A file system of its own, gone with the value.
struct Tiny(tempfile::TempDir);

impl Tiny {
    fn mount(kibibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let size = format!("size={kibibytes}k,mode=0777");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("SKIPPED: no right to mount a tmpfs, so no disk can be full");
        None
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("image.tar")
    }

    #[track_caller]
    fn holds(&self, names: &[&str]) {
        assert_eq!(listing(self.0.path()).into_keys().collect::<Vec<_>>(), names);
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        // Lazily: a writer may hold its file a moment longer.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// An image whose layer takes 1 MiB.
fn push(registry: &Registry, zstd_layer: bool) -> crate::support::Pushed {
    // Compressible, so that the stored layer is small and only the decoded one does not fit.
    let noise = if zstd_layer { vec![7; 1 << 20] } else { Content::generated(1, 1 << 20).bytes().to_vec() };
    let layer = if zstd_layer { zstd(&[("file", &noise)]) } else { plain(&[("file", &noise)]) };
    Image::new().layer(layer).push(registry, "app", "v1")
}

#[track_caller]
fn fails(puller: &Puller, file: &Path, words: &str) {
    let why = puller.pull_to("app:v1", file).expect_err("the disk is full");
    tells(&why, DiskFull, words);
    assert!(why.to_string().contains("image.tar"), "{why}");
}

#[test]
fn too_small_is_known_before_the_download() {
    let Some(disk) = Tiny::mount(256) else { return };
    let registry = Registry::start();
    push(&registry, false);
    std::fs::write(disk.file(), "old").expect("a file");
    fails(&Puller::at(&registry), &disk.file(), "bytes are needed and");
    disk.holds(&["image.tar"]);
    assert_eq!(std::fs::read(disk.file()).expect("the file"), b"old");
    assert_eq!(registry.requests().len(), 1, "the manifest");
}

#[test]
fn full_in_the_middle_of_a_layer() {
    let Some(disk) = Tiny::mount(2048) else { return };
    let registry = Registry::start();
    push(&registry, false);
    // Somebody else is faster.
    let hog = disk.0.path().join("hog");
    registry.on("GET /v2/app/blobs/* after=1", move |_, _| std::fs::write(&hog, vec![1; 1_700_000]).expect("room"));
    fails(&Puller::at(&registry), &disk.file(), "write");
    disk.holds(&["hog"]);
}

#[test]
fn full_in_the_middle_of_decoding() {
    let Some(disk) = Tiny::mount(512) else { return };
    let registry = Registry::start();
    push(&registry, true);
    fails(&Puller::at(&registry), &disk.file(), "write");
    disk.holds(&[]);
}

#[test]
fn full_in_a_staging_file() {
    let Some(disk) = Tiny::mount(512) else { return };
    let registry = Registry::start();
    let image = Image::new()
        .layer(zstd(&[("a", b"first")]))
        .layer(zstd(&[("b", &vec![7; 1 << 20])]))
        .push(&registry, "app", "v1");
    // The second is decoded while the first, whose turn it is, has not come.
    registry.fault(&format!("GET /v2/app/blobs/{} stall=5", image.layers[0].digest));
    fails(&Puller::at(&registry), &disk.file(), "write");
    disk.holds(&[]);
}

#[test]
fn a_file_system_that_takes_no_writes() {
    let Some(disk) = Tiny::mount(2048) else { return };
    let registry = Registry::start();
    push(&registry, false);
    std::fs::write(disk.file(), "old").expect("a file");
    let path = disk.0.path().as_os_str();
    let mounted = Command::new("mount").args(["-o", "remount,ro"]).arg(path).status().expect("mount");
    assert!(mounted.success());
    let puller = Puller::at(&registry);
    let why = puller.pull_to("app:v1", &disk.file()).expect_err("nothing can be written");
    tells(&why, InvalidArgument, "create a file beside");
    disk.holds(&["image.tar"]);
    assert_eq!(registry.requests().len(), 1, "no layer is asked for");
}

#[test]
fn just_enough_is_enough() {
    let Some(disk) = Tiny::mount(1536) else { return };
    let registry = Registry::start();
    let image = push(&registry, false);
    let puller = Puller::at(&registry);
    let pulled = puller.pull_to("app:v1", &disk.file()).expect("it fits");
    Archive::read(&disk.file(), pulled).holds(&image, Kept::ForDocker);
}
