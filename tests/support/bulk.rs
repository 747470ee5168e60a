//! Layers of any size that take no memory and hardly any time to serve; for memory and speed.

use super::content::{Content, Generated, UNIT, digest_text};
use super::layer::{Encoding, Layer, Tar, set_name};
use sha2::{Digest, Sha256};

/// A valid gzip layer of about `len` bytes (whole mebibytes, and a little) that cannot be compressed and takes no
/// memory. Cost: three hash passes.
pub fn big(len: u64) -> Layer {
    // Deflate's stored blocks carry bytes as they are: 5 bytes of header, then up to 65535 of payload. Blocks of
    // exactly 64 KiB divide the repeated mebibyte, so the headers can be part of it.
    const BLOCK: usize = 64 * 1024;
    let units = len.div_ceil(UNIT as u64).max(1);
    let noise = Content::Generated(Generated::new(len, units * UNIT as u64, 5, |unit| {
        unit.chunks_exact_mut(BLOCK).for_each(|block| block[..5].copy_from_slice(&stored(BLOCK - 5, false)));
    }));
    let payload = noise.len() / BLOCK as u64 * (BLOCK as u64 - 5);
    let (head, tail) = big_frame(payload);

    let mut crc = flate2::Crc::new();
    let mut hash = Sha256::new();
    let mut see = |bytes: &[u8]| {
        crc.update(bytes);
        hash.update(bytes);
    };
    see(&head);
    let mut at = 0;
    noise.each(|chunk| {
        let mut rest = chunk;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rest.len().min(BLOCK - at));
            see(&piece[5usize.saturating_sub(at).min(piece.len())..]);
            at = (at + piece.len()) % BLOCK;
            rest = more;
        }
    });
    see(&tail);
    let diff_id = digest_text(&hash.finalize());
    let raw_size = head.len() as u64 + payload + tail.len() as u64;

    let first = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255][..], &stored(head.len(), false), &head].concat();
    let crc = crc.sum().to_le_bytes();
    #[expect(clippy::cast_possible_truncation, reason = "gzip keeps the length modulo 2^32")]
    let length = (raw_size as u32).to_le_bytes();
    let last = [&stored(tail.len(), true)[..], &tail, &crc, &length].concat();
    let content = Content::Parts([first.into(), noise, last.into()].into());
    Layer { diff_id, raw_size, raw: None, ..Layer::of(Encoding::Gzip, content, &[]) }
}

/// An uncompressed layer of about `len` bytes that takes no memory.
pub fn big_plain(len: u64) -> Layer {
    let (head, tail) = big_frame(len);
    let content = Content::Parts([head.into(), Content::generated(len, len), tail.into()].into());
    let digest = content.digest();
    let size = content.len();
    Layer {
        encoding: Encoding::Plain,
        digest: digest.clone(),
        diff_id: digest,
        size,
        raw_size: size,
        content,
        raw: None,
        media_type: None,
        urls: Vec::new(),
    }
}

/// What stands in a tar before and after one file of the given length.
fn big_frame(len: u64) -> (Vec<u8>, Vec<u8>) {
    let mut header = Tar::header(tar::EntryType::Regular, 0o644);
    set_name(&mut header, "big.bin");
    header.set_size(len);
    header.set_cksum();
    let padding = usize::try_from(len.next_multiple_of(512) - len).expect("below 512");
    (header.as_bytes().to_vec(), vec![0; padding + 1024])
}

/// A stored deflate block's header.
fn stored(len: usize, last: bool) -> [u8; 5] {
    let [a, b] = u16::try_from(len).expect("a stored block holds 65535 bytes").to_le_bytes();
    [u8::from(last), a, b, !a, !b]
}
