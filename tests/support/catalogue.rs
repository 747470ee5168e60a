//! The images of the embedded registry: one for each shape a client must deal with, all in one repository.

use super::bulk::big;
use super::image::{Edge, Image, Lie, Pushed};
use super::index::Index;
use super::layer::{Tar, gzip, members, plain, zstd};
use super::odd;
use super::store::Store;
use std::io;
use std::path::{Path, PathBuf};

/// The size of `big`.
pub const BIG: u64 = 64 << 20;

/// Fills a repository with one tag for each shape.
pub fn fill(to: &impl AsRef<Store>, repo: &str) {
    let store = to.as_ref();
    let motd: &[(&str, &[u8])] = &[("etc/motd", b"welcome\n"), ("etc/hostname", b"test\n")];
    let text = "The quick brown fox jumps over the lazy dog.\n".repeat(20_000);
    let book: &[(&str, &[u8])] = &[("usr/share/doc/book", text.as_bytes())];
    let links = || {
        Tar::new().dir("bin").file("bin/tool", b"#!/bin/sh\n").symlink("bin/t", "tool").hardlink("bin/u", "bin/tool")
    };

    Image::new().layer(gzip(motd)).layer(gzip(book)).layer(links().gzip()).push(store, repo, "gzip");
    Image::new().layer(zstd(motd)).layer(zstd(book)).layer(links().zstd()).push(store, repo, "zstd");
    Image::new().layer(plain(motd)).layer(plain(book)).layer(links().plain()).push(store, repo, "plain");
    Image::new().layer(gzip(motd)).layer(gzip(book)).layer(gzip(motd)).push(store, repo, "dup");
    Image::new().layer(members(motd)).layer(members(book)).push(store, repo, "members");
    Image::new().docker().layer(gzip(motd)).layer(gzip(book)).push(store, repo, "docker2");
    Image::new().push(store, repo, "empty");
    Image::new().platform("linux/arm64/v8").layer(gzip(motd)).push(store, repo, "arm");
    store.put_lazily(repo, "big", {
        let repo = repo.to_owned();
        move |store| drop(Image::new().layer(big(BIG)).push(store, &repo, "big"))
    });
    multi(store, repo, "multi");
    odd::schema1(store, repo, "schema1");
    odd::helm(store, repo, "helm");
    odd::both(store, repo, "both");
    let bad = gzip(&[(
        "etc/issue",
        b"changed on the way
",
    )]);
    Image::new().layer(gzip(motd)).layer(bad).wrong(Edge::Layer(1), Lie::Bytes).push(store, repo, "wrongdigest");
    let bad = gzip(&[(
        "etc/issue",
        b"described wrongly
",
    )]);
    Image::new().layer(gzip(motd)).layer(bad).wrong(Edge::Layer(1), Lie::Size(7)).push(store, repo, "wrongsize");
}

/// An index as buildx and Windows make them: an attestation first, two Windows builds, an `unknown/unknown` child.
pub fn multi(to: &impl AsRef<Store>, repo: &str, tag: &str) -> Pushed {
    let platforms = [
        "linux/amd64",
        "linux/arm64/v8",
        "linux/arm/v7",
        "linux/arm/v6",
        "windows:10.0.17763.5329/amd64",
        "windows:10.0.20348.2227/amd64",
        "unknown/unknown",
    ];
    let index = platforms.iter().fold(Index::new().attestation(), |index, platform| {
        let text = format!("built for {platform}\n");
        let own = gzip(&[("etc/platform", text.as_bytes())]);
        index.image(Image::new().platform(platform).layer(gzip(&[("etc/motd", b"welcome\n")])).layer(own))
    });
    index.push(to, repo, tag)
}

/// An image of the real files of a folder: the larger children of the folder become layers of their own, the rest share
/// one.
pub fn from_folder(to: &impl AsRef<Store>, folder: &Path, repo: &str, tag: &str) -> io::Result<Pushed> {
    const LAYERS: usize = 6;
    let mut children = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    children.sort();
    let mut sized: Vec<(u64, PathBuf)> = children.into_iter().map(|path| (size(&path), path)).collect();
    // Largest first among themselves; what remains keeps its order by name.
    sized.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let rest = sized.split_off(sized.len().min(LAYERS - 1));
    let base = folder.parent().unwrap_or(folder);
    let mut layers: Vec<Vec<PathBuf>> = sized.into_iter().map(|(_, path)| vec![path]).collect();
    layers.push(rest.into_iter().map(|(_, path)| path).collect());
    let mut image = Image::new();
    for paths in layers.iter().filter(|paths| !paths.is_empty()) {
        let mut tar = Tar::new();
        paths.iter().try_for_each(|path| tar.add_tree(path, base))?;
        image = image.layer(tar.gzip_fast());
    }
    Ok(image.push(to, repo, tag))
}

/// Bytes of the regular files at or below a path, as far as they can be read.
fn size(path: &Path) -> u64 {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => {
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|e| size(&e.path())).sum()
        }
        Ok(meta) if meta.is_file() => meta.len(),
        _ => 0,
    }
}
