//! Where each byte of a tar goes, computed before the first layer byte is there.
//!
//! Small entries come first, then layers kept as stored, whose sizes the manifest gives: each can be written at its
//! final offset, in any order and in parallel. Decoded layers follow, one after the other, see [`crate::archive::tail`].
//! The order of entries is free: `manifest.json` finds them by name.

use crate::archive::output::Output;
use crate::digest::Digest;
use crate::error::Result;

/// Headers and data of a tar come in units of this (POSIX ustar).
pub const BLOCK: u64 = 512;
/// Two blocks of zeros end a tar.
pub const END: u64 = 2 * BLOCK;
/// The longest name a header takes.
const NAME: usize = 100;

/// The known part of a tar.
#[derive(Debug, Default)]
pub struct Layout {
    /// Offset and bytes of what is written at once: headers and small entries.
    known: Vec<(u64, Vec<u8>)>,
    /// Layers to be written in place.
    pub placed: Vec<Placed>,
    /// Where the known part ends.
    pub end: u64,
}

/// A blob and the offset of its first byte.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Which blob.
    pub digest: Digest,
    /// Where it begins.
    pub offset: u64,
}

impl Layout {
    /// Adds a small entry.
    pub fn file(&mut self, name: &str, bytes: Vec<u8>) {
        let size = bytes.len() as u64;
        self.header(name, size);
        self.known.push((self.end, bytes));
        self.end += padded(size);
    }

    /// Reserves the place of a layer of `size` bytes.
    pub fn layer(&mut self, name: &str, digest: &Digest, size: u64) {
        let offset = self.reserve(name, size);
        self.placed.push(Placed { digest: digest.clone(), offset });
    }

    /// Adds an entry of `size` bytes that will be written later, at the offset that this returns.
    pub fn reserve(&mut self, name: &str, size: u64) -> u64 {
        self.header(name, size);
        let offset = self.end;
        self.end += padded(size);
        offset
    }

    fn header(&mut self, name: &str, size: u64) {
        let mut blocks = Vec::new();
        if name.len() > NAME {
            // Only the OCI name of a sha512 blob is so long: GNU's way to put it in front.
            blocks.extend(raw_header("././@LongLink", name.len() as u64 + 1, tar::EntryType::GNULongName));
            blocks.extend(name.bytes());
            // The NUL behind the name, and the rest of its block.
            blocks.resize((blocks.len() + 1).next_multiple_of(512), 0);
        }
        blocks.extend(header(&name[..name.len().min(NAME)], size));
        let length = blocks.len() as u64;
        self.known.push((self.end, blocks));
        self.end += length;
    }

    /// Sizes `output` for the known part, so that gaps and the end read as zeros, and writes what is known.
    pub fn write(&self, output: &Output) -> Result<()> {
        output.set_len(self.end + END)?;
        self.known.iter().try_for_each(|(offset, bytes)| output.write_at(bytes, *offset))
    }
}

/// `size` rounded up to whole blocks.
pub fn padded(size: u64) -> u64 {
    size.next_multiple_of(BLOCK)
}

/// The header block of a regular file whose name is at most 100 bytes long.
///
/// The same input gives the same bytes: no owner, no time. Sizes from 8 GiB on are written in base 256, which GNU tar,
/// bsdtar, Go and Python read like PAX's.
pub fn header(name: &str, size: u64) -> Vec<u8> {
    raw_header(name, size, tar::EntryType::Regular)
}

fn raw_header(name: &str, size: u64, entry_type: tar::EntryType) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(entry_type);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    // Written into the field as it is: the crate's set_path would normalise "././@LongLink".
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    header.as_bytes().to_vec()
}
