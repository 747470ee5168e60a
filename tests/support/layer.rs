//! Layers: a tar archive written like a script, then compressed the way an image builder would. The same script gives
//! the same bytes.

use super::content::{Content, digest_text, sha256};
use bytes::Bytes;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{self, Write as _};
use std::path::Path;

/// 2024-01-01T00:00:00Z: every entry's time.
const MTIME: u64 = 1_704_067_200;

/// A layer as a registry holds it.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The kind of compression, which picks the media type.
    pub encoding: Encoding,
    /// The blob.
    pub content: Content,
    /// The blob's digest.
    pub digest: String,
    /// The blob's length.
    pub size: u64,
    /// The digest of the uncompressed tar.
    pub diff_id: String,
    /// The length of the uncompressed tar.
    pub raw_size: u64,
    /// The uncompressed tar, unless it is generated.
    pub raw: Option<Bytes>,
    /// A media type that overrides the one of the encoding.
    pub media_type: Option<String>,
    /// Foreign layer: where else the blob may be had.
    pub urls: Vec<String>,
}

/// How a layer is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// gzip, one member or many.
    Gzip,
    /// Zstandard.
    Zstd,
    /// A bare tar.
    Plain,
}

/// A gzip layer of regular files: `gzip(&[("etc/motd", b"hi")])`.
pub fn gzip(files: &[(&str, &[u8])]) -> Layer {
    Tar::files(files).gzip()
}

/// A zstd layer of regular files.
pub fn zstd(files: &[(&str, &[u8])]) -> Layer {
    Tar::files(files).zstd()
}

/// An uncompressed layer of regular files.
pub fn plain(files: &[(&str, &[u8])]) -> Layer {
    Tar::files(files).plain()
}

/// A gzip layer of many members, one for each 1536 bytes of tar, as eStargz and bgzip write them.
pub fn members(files: &[(&str, &[u8])]) -> Layer {
    Tar::files(files).members(1536)
}

impl Layer {
    pub(super) fn of(encoding: Encoding, content: Content, raw: &[u8]) -> Self {
        Self {
            encoding,
            digest: content.digest(),
            size: content.len(),
            content,
            diff_id: sha256(raw),
            raw_size: raw.len() as u64,
            raw: Some(Bytes::copy_from_slice(raw)),
            media_type: None,
            urls: Vec::new(),
        }
    }

    /// A blob that is no tar at all; its diffID is the digest of the bytes.
    pub fn blob(media_type: &str, content: impl Into<Content>) -> Self {
        let content = content.into();
        let raw = content.bytes();
        Self::of(Encoding::Plain, content, &raw).media_type(media_type)
    }

    /// A layer that is a file on disk already, and stays there; the diffID is found by decoding it.
    pub fn file(path: &Path, encoding: Encoding) -> io::Result<Self> {
        let open = || std::fs::File::open(path).map(io::BufReader::new);
        let mut tar: Box<dyn io::Read> = match encoding {
            Encoding::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(open()?)),
            Encoding::Zstd => Box::new(::zstd::Decoder::with_buffer(open()?)?),
            Encoding::Plain => Box::new(open()?),
        };
        let (mut hash, mut raw_size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            let n = tar.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            hash.update(&buffer[..n]);
            raw_size += n as u64;
        }
        let diff_id = digest_text(&hash.finalize());
        Ok(Self { diff_id, raw_size, raw: None, ..Self::of(encoding, Content::file(path)?, &[]) })
    }

    /// Claims another media type, whatever the bytes are.
    pub fn media_type(mut self, media_type: &str) -> Self {
        self.media_type = Some(media_type.to_owned());
        self
    }

    /// Makes it a foreign layer that may be fetched elsewhere.
    pub fn url(mut self, url: &str) -> Self {
        self.urls.push(url.to_owned());
        self
    }

    /// The descriptor a manifest carries.
    pub fn descriptor(&self, docker: bool) -> Value {
        let usual = match (self.encoding, docker) {
            (Encoding::Gzip, true) => "application/vnd.docker.image.rootfs.diff.tar.gzip",
            (Encoding::Zstd, true) => "application/vnd.docker.image.rootfs.diff.tar.zstd",
            (Encoding::Plain, true) => "application/vnd.docker.image.rootfs.diff.tar",
            (Encoding::Gzip, false) => "application/vnd.oci.image.layer.v1.tar+gzip",
            (Encoding::Zstd, false) => "application/vnd.oci.image.layer.v1.tar+zstd",
            (Encoding::Plain, false) => "application/vnd.oci.image.layer.v1.tar",
        };
        let media_type = self.media_type.as_deref().unwrap_or(usual);
        let mut descriptor = json!({"mediaType": media_type, "digest": self.digest, "size": self.size});
        if !self.urls.is_empty() {
            descriptor["urls"] = json!(self.urls);
        }
        descriptor
    }
}

/// A tar archive under construction. Names are written as given, hostile ones too.
pub struct Tar(tar::Builder<Vec<u8>>);

impl Default for Tar {
    fn default() -> Self {
        Self::new()
    }
}

impl Tar {
    /// An empty archive.
    pub fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    /// An archive of regular files.
    pub fn files(files: &[(&str, &[u8])]) -> Self {
        files.iter().fold(Self::new(), |tar, (name, data)| tar.file(name, data))
    }

    /// An archive of the real regular files, folders and symlinks below a folder, in name order, owned by root.
    pub fn tree(root: &Path) -> io::Result<Self> {
        let mut tar = Self::new();
        tar.add_tree(root, root.parent().unwrap_or(root))?;
        Ok(tar)
    }

    /// Adds what lies at `path`, named by its place below `base`.
    pub fn add_tree(&mut self, path: &Path, base: &Path) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let name = path.strip_prefix(base).unwrap_or(path).to_string_lossy().into_owned();
        let meta = path.symlink_metadata()?;
        let mode = meta.permissions().mode() & 0o777;
        if meta.is_dir() {
            if !name.is_empty() {
                self.add(tar::EntryType::Directory, mode, &format!("{name}/"), "", &[]);
            }
            let mut children = std::fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
            children.sort();
            return children.iter().try_for_each(|child| self.add_tree(child, base));
        }
        if meta.is_symlink() {
            self.add(tar::EntryType::Symlink, 0o777, &name, &std::fs::read_link(path)?.to_string_lossy(), &[]);
        } else if meta.is_file() {
            self.add(tar::EntryType::Regular, mode, &name, "", &std::fs::read(path)?);
        }
        Ok(())
    }

    /// A regular file.
    pub fn file(mut self, name: &str, data: &[u8]) -> Self {
        self.add(tar::EntryType::Regular, 0o644, name, "", data);
        self
    }

    /// A folder.
    pub fn dir(mut self, name: &str) -> Self {
        self.add(tar::EntryType::Directory, 0o755, &format!("{}/", name.trim_end_matches('/')), "", &[]);
        self
    }

    /// A symbolic link.
    pub fn symlink(mut self, name: &str, target: &str) -> Self {
        self.add(tar::EntryType::Symlink, 0o777, name, target, &[]);
        self
    }

    /// A hard link.
    pub fn hardlink(mut self, name: &str, target: &str) -> Self {
        self.add(tar::EntryType::Link, 0o644, name, target, &[]);
        self
    }

    /// Any entry at all.
    pub fn entry(mut self, kind: tar::EntryType, mode: u32, name: &str, link: &str, data: &[u8]) -> Self {
        self.add(kind, mode, name, link, data);
        self
    }

    pub(super) fn header(kind: tar::EntryType, mode: u32) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(MTIME);
        header
    }

    fn add(&mut self, kind: tar::EntryType, mode: u32, name: &str, link: &str, data: &[u8]) {
        let mut header = Self::header(kind, mode);
        header.set_size(data.len() as u64);
        header
            .set_link_name_literal(link)
            .unwrap_or_else(|e| panic!("link target {link:?} does not fit a tar header: {e}"));
        let written = if name.len() <= 100 {
            set_name(&mut header, name);
            header.set_cksum();
            self.0.append(&header, data)
        } else {
            self.0.append_data(&mut header, name, data)
        };
        written.unwrap_or_else(|e| panic!("tar entry {name:?}: {e}"));
    }

    /// The finished archive.
    pub fn bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("writing to memory")
    }

    /// As a gzip layer.
    pub fn gzip(self) -> Layer {
        let raw = self.bytes();
        Layer::of(Encoding::Gzip, gzip_bytes(&raw).into(), &raw)
    }

    /// As a gzip layer, made in a hurry: for large trees of real files.
    pub fn gzip_fast(self) -> Layer {
        let raw = self.bytes();
        Layer::of(Encoding::Gzip, gzip_at(&raw, flate2::Compression::fast()).into(), &raw)
    }

    /// As a gzip layer with a new member after each `every` bytes of tar.
    pub fn members(self, every: usize) -> Layer {
        let raw = self.bytes();
        let packed: Vec<u8> = raw.chunks(every).flat_map(gzip_bytes).collect();
        Layer::of(Encoding::Gzip, packed.into(), &raw)
    }

    /// As a zstd layer.
    pub fn zstd(self) -> Layer {
        let raw = self.bytes();
        let packed = ::zstd::bulk::compress(&raw, 3).expect("compressing in memory");
        Layer::of(Encoding::Zstd, packed.into(), &raw)
    }

    /// As an uncompressed layer.
    pub fn plain(self) -> Layer {
        let raw = self.bytes();
        Layer::of(Encoding::Plain, raw.clone().into(), &raw)
    }
}

pub(super) fn set_name(header: &mut tar::Header, name: &str) {
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
}

/// One gzip member without time or name.
pub fn gzip_bytes(raw: &[u8]) -> Vec<u8> {
    gzip_at(raw, flate2::Compression::default())
}

fn gzip_at(raw: &[u8], level: flate2::Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(raw).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}
