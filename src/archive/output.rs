//! The file that appears whole or not at all: a temp file beside the target, renamed when everything is in it.
//!
//! The target's old bytes stay until then. Whatever ends a pull early drops the [`Output`], which takes the temp name
//! away at once; a writer that still holds the open file frees its blocks when it lets go.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::{NamedTempFile, TempPath};

use crate::error::{Error, ErrorKind, Result};
use crate::runtime;

/// A checked target: its directory exists, and it is absent or a regular file.
#[derive(Debug)]
pub struct Destination {
    /// The file itself, a symlink resolved.
    path: PathBuf,
    /// As the caller named it, for messages and results.
    named: PathBuf,
    /// Permission bits of the file that will be replaced.
    old_mode: Option<u32>,
}

impl Destination {
    /// Checks `path`.
    ///
    /// # Errors
    /// InvalidArgument if it is no place for a file.
    pub fn check(path: &Path) -> Result<Self> {
        let bad = |why: &str| Err(Error::invalid(format!("destination {}: {why}", path.display())));
        let bytes = path.as_os_str().as_bytes();
        // `Path` itself reads over these two ends, which mean a directory.
        if path.file_name().is_none() || bytes.ends_with(b"/") || bytes.ends_with(b"/.") {
            return bad("it names no file");
        }
        let (target, metadata) = match resolve(path) {
            Ok(found) => found,
            Err(why) => return bad(&why.to_string()),
        };
        if metadata.as_ref().is_some_and(|m| !m.is_file()) {
            return bad("it is there and no regular file");
        }
        if !parent(&target).is_dir() {
            return bad("its directory does not exist");
        }
        let old_mode = metadata.map(|m| m.permissions().mode() & 0o7777);
        Ok(Self { path: target, named: path.to_owned(), old_mode })
    }

    /// As the caller named it.
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// Fails if the file system has no room for `bytes`: better before the download than at its end.
    pub fn expect_room(&self, bytes: u64) -> Result<()> {
        // A file system that cannot tell gets to say so when it is full; some that cannot claim to have no blocks at all.
        let stat = rustix::fs::statvfs(parent(&self.path));
        let Some(stat) = stat.ok().filter(|stat| stat.f_blocks > 0) else { return Ok(()) };
        let room = stat.f_bavail.saturating_mul(stat.f_frsize);
        if bytes <= room {
            return Ok(());
        }
        let full = io::Error::from(io::ErrorKind::StorageFull);
        Err(Error::new(ErrorKind::DiskFull, format!("{bytes} bytes are needed and {room} are free"))
            .with_cause(full)
            .context(self.action("write")))
    }

    /// Opens the temp file.
    pub fn create(self) -> Result<Output> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let temp = tempfile::Builder::new()
            // Hidden, and recognisable should the machine lose power.
            .prefix(&format!(".{}.", shortened(&name)))
            .suffix(".mcjr-part")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(parent(&self.path))
            .map_err(|why| match why.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Error::invalid(why.to_string()).with_cause(why)
                }
                _ => Error::io(why),
            })
            .map_err(|why| why.context(self.action("create a file beside")))?;
        let (file, temp) = NamedTempFile::into_parts(temp);
        Ok(Output { temp, file: Arc::new(Blocks(Some(file))), destination: Arc::new(self) })
    }

    fn action(&self, verb: &str) -> String {
        format!("{verb} {}", self.named.display())
    }
}

/// The archive while it is written. Its [`Output::writer`]s may write it from any thread.
#[derive(Debug)]
pub struct Output {
    // In this order: dropping takes the name away first, and then the blocks.
    temp: TempPath,
    file: Arc<Blocks>,
    destination: Arc<Destination>,
}

/// An open file whose last user does not wait for its blocks to be freed: for gigabytes that takes longer than a
/// cancelled call may.
#[derive(Debug)]
struct Blocks(Option<File>);

impl Deref for Blocks {
    type Target = File;

    fn deref(&self) -> &File {
        self.0.as_ref().unwrap_or_else(|| unreachable!("only drop takes the file"))
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        let file = self.0.take();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(file))),
            Err(_) => drop(file),
        }
    }
}

/// A handle to write the archive with.
#[derive(Debug, Clone)]
pub struct Writer {
    file: Arc<Blocks>,
    destination: Arc<Destination>,
}

impl Output {
    /// A handle for another thread.
    pub fn writer(&self) -> Writer {
        Writer { file: Arc::clone(&self.file), destination: Arc::clone(&self.destination) }
    }

    /// Sets the file's size; what was never written reads as zeros.
    pub fn set_len(&self, len: u64) -> Result<()> {
        self.file.set_len(len).map_err(|why| self.failed(why))
    }

    /// Writes `bytes` at `offset`.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(|why| self.failed(why))
    }

    /// A file beside the target that has no name.
    pub fn staging(&self) -> Result<File> {
        tempfile::tempfile_in(parent(&self.destination.path))
            .map_err(|why| Error::io(why).context(self.destination.action("create a file beside")))
    }

    /// Gives the file its final mode and name; with `durable` its bytes and name are on the disk afterwards.
    ///
    /// Dropping the future before the rename leaves the target as it was, at once, even in the middle of an fsync.
    pub async fn commit(self, durable: bool) -> Result<()> {
        let mode = self.destination.old_mode.unwrap_or_else(|| 0o666 & !umask());
        let file = Arc::clone(&self.file);
        let seal = move || {
            file.set_permissions(Permissions::from_mode(mode))?;
            if durable { file.sync_all() } else { Ok(()) }
        };
        runtime::blocking(seal).await?.map_err(|why| self.failed(why))?;

        let Self { temp, destination, .. } = self;
        let failed = |why| Error::io(why).context(destination.action("write"));
        // Kept open over the rename, so that it does not wait for the blocks of what it replaces.
        let _replaced = Blocks(destination.old_mode.and_then(|_| File::open(&destination.path).ok()));
        temp.persist(&destination.path).map_err(|why| failed(why.error))?;
        if durable {
            let folder = parent(&destination.path).to_owned();
            runtime::blocking(move || File::open(folder)?.sync_all()).await?.map_err(failed)?;
        }
        Ok(())
    }

    fn failed(&self, why: io::Error) -> Error {
        Error::io(why).context(self.destination.action("write"))
    }
}

impl Writer {
    /// Writes `bytes` at `offset`.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(|why| self.failed(why))
    }

    /// Reads back what was written at `offset`.
    pub fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(bytes, offset).map_err(|why| self.failed(why))
    }

    /// Moves `len` bytes of `staged` to `offset`, inside the kernel where it can.
    pub fn append(&self, staged: &File, len: u64, offset: u64) -> Result<()> {
        move_bytes(staged, &self.file, len, offset).map_err(|why| self.failed(why))
    }

    /// An error of writing, or of a file beside the archive.
    pub fn failed(&self, why: io::Error) -> Error {
        Error::io(why).context(self.destination.action("write"))
    }
}

/// Follows symlinks once and by hand, so that a dangling one is created where it points.
fn resolve(path: &Path) -> io::Result<(PathBuf, Option<Metadata>)> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            let target = parent(path).join(std::fs::read_link(path)?);
            match std::fs::metadata(path) {
                Ok(metadata) => Ok((target.canonicalize()?, Some(metadata))),
                Err(why) if why.kind() == io::ErrorKind::NotFound => Ok((target, None)),
                Err(why) => Err(why),
            }
        }
        Ok(metadata) => Ok((path.to_owned(), Some(metadata))),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok((path.to_owned(), None)),
        Err(why) => Err(why),
    }
}

/// The beginning of a name, short enough that more can be put around it.
fn shortened(name: &str) -> &str {
    let end = (0..=name.len().min(64)).rev().find(|&end| name.is_char_boundary(end));
    &name[..end.unwrap_or_default()]
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The process's umask, read where reading does not change it: `umask()` itself sets it for every thread.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    // Without /proc: what nearly every system has.
    line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

#[cfg(target_os = "linux")]
fn move_bytes(from: &File, to: &File, len: u64, offset: u64) -> io::Result<()> {
    use rustix::io::Errno;
    let (mut at, mut target) = (0, offset);
    while at < len {
        let step = usize::try_from(len - at).unwrap_or(usize::MAX).min(1 << 30);
        match rustix::fs::copy_file_range(from, Some(&mut at), to, Some(&mut target), step) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            // It advances both offsets.
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP | Errno::PERM) => {
                return copy_bytes(from, to, len, at, offset);
            }
            Err(why) => return Err(why.into()),
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn move_bytes(from: &File, to: &File, len: u64, offset: u64) -> io::Result<()> {
    copy_bytes(from, to, len, 0, offset)
}

fn copy_bytes(from: &File, to: &File, len: u64, mut at: u64, offset: u64) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    while at < len {
        let step = usize::try_from(len - at).unwrap_or(usize::MAX).min(buffer.len());
        from.read_exact_at(&mut buffer[..step], at)?;
        to.write_all_at(&buffer[..step], offset + at)?;
        at += step as u64;
    }
    Ok(())
}
