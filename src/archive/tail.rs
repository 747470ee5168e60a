//! Decoded layers at the end of the archive, in their order, although each one's size is known only when it is done.
//!
//! The layer whose turn has come streams straight to the end and its header is written afterwards. One that is decoded
//! ahead of its turn goes to a staging file without a name and is moved when its turn comes; there is at most one such
//! file per decoder. A turn always comes: decoders start in the layers' order, so the first unfinished one is running.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;

use tokio::sync::watch;

use crate::archive::layout::{BLOCK, header, padded};
use crate::archive::output::{Output, Writer};
use crate::error::Result;
use crate::runtime;

/// The growing end of the archive.
#[derive(Debug)]
pub struct Tail {
    writer: Writer,
    /// Where the next entry begins.
    end: Mutex<u64>,
    turn: watch::Sender<usize>,
}

/// Where one layer's decoded bytes go.
#[derive(Debug)]
pub struct Sink {
    writer: Writer,
    target: Target,
    written: u64,
}

#[derive(Debug)]
enum Target {
    /// The archive, from this offset on.
    Archive(u64),
    /// A staging file.
    Staging(File),
}

impl Tail {
    /// A tail that begins at `end`.
    pub fn new(output: &Output, end: u64) -> Self {
        Self { writer: output.writer(), end: Mutex::new(end), turn: watch::Sender::new(0) }
    }

    /// A sink for the layer with number `index`.
    pub fn sink(&self, index: usize, output: &Output) -> Result<Sink> {
        let target = if *self.turn.borrow() == index {
            // A decoder that was stopped may have left more bytes there than will be written now.
            output.set_len(self.end())?;
            Target::Archive(self.end() + BLOCK)
        } else {
            Target::Staging(output.staging()?)
        };
        Ok(Sink { writer: self.writer.clone(), target, written: 0 })
    }

    /// Waits for the turn of `index`, puts the finished layer into the archive as `name` and lets the next one go on.
    pub async fn finish(&self, index: usize, name: String, sink: Sink) -> Result<()> {
        // Only a dropped tail closes the channel, and this borrows it.
        let _ = self.turn.subscribe().wait_for(|turn| *turn == index).await;
        let (writer, start, size) = (self.writer.clone(), self.end(), sink.written);
        let place = move || {
            if let Target::Staging(file) = &sink.target {
                writer.append(file, size, start + BLOCK)?;
            }
            writer.write_at(&header(&name, size), start)
        };
        runtime::blocking(place).await??;
        *self.lock() = start + BLOCK + padded(size);
        self.turn.send_modify(|turn| *turn += 1);
        Ok(())
    }

    /// Where the archive ends so far.
    pub fn end(&self) -> u64 {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, u64> {
        self.end.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Sink {
    /// Takes the next decoded bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &self.target {
            Target::Archive(start) => self.writer.write_at(bytes, start + self.written)?,
            Target::Staging(file) => {
                file.write_all_at(bytes, self.written).map_err(|why| self.writer.failed(why))?;
            }
        }
        self.written += bytes.len() as u64;
        Ok(())
    }
}
