//! Bodies that are too large for the memory: they go through a file that has no name, so that nothing is left of it
//! when the request ends, or the process.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use actix_web::web::Bytes;
use aws_lc_rs::digest::{Context, SHA256};
use poligon_core::random::hex;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout_at};

use crate::problem::{Problem, kinds};

/// Bytes that a sender brings along at least for each second beyond the first ones.
const BYTES_PER_SECOND: u64 = 128 * 1024;

/// How fast a body has to come: something within `patience`, and the whole in `patience` plus a second for each 128 KiB.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    begun: Instant,
    patience: Duration,
    came: u64,
}

impl Pace {
    /// Begins to count.
    pub fn new(patience: Duration) -> Self {
        Self { begun: Instant::now(), patience, came: 0 }
    }

    /// Counts what came.
    pub fn came(&mut self, bytes: usize) {
        self.came += bytes as u64;
    }

    /// Waits for the next piece, as long as the pace allows.
    pub async fn wait<T>(&self, next: impl Future<Output = T>) -> Result<T, Problem> {
        let whole = self.begun + self.patience + Duration::from_secs(self.came / BYTES_PER_SECOND);
        let until = whole.min(Instant::now() + self.patience);
        timeout_at(until, next).await.map_err(|_| Problem::new(&kinds::REQUEST_TIMEOUT))
    }
}

/// A body on its way into a file.
pub struct Spool {
    file: tokio::fs::File,
    hash: Context,
    length: u64,
}

/// A body in a file without a name.
#[derive(Debug)]
pub struct Spooled {
    /// At its beginning.
    pub file: File,
    /// Bytes.
    pub length: u64,
    /// SHA-256, in hexadecimal.
    pub hash: String,
}

impl Spool {
    /// An empty file in `folder`.
    pub async fn new(folder: &Path) -> Result<Self, Problem> {
        let folder = folder.to_owned();
        let made = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
        let file = made.map_err(|e| Problem::internal(&e))?.map_err(unwritable)?;
        Ok(Self { file: tokio::fs::File::from_std(file), hash: Context::new(&SHA256), length: 0 })
    }

    /// Bytes so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds a piece.
    pub async fn add(&mut self, piece: &Bytes) -> Result<(), Problem> {
        self.hash.update(piece);
        self.length += piece.len() as u64;
        self.file.write_all(piece).await.map_err(unwritable)
    }

    /// The whole, to be read from its beginning.
    pub async fn finish(mut self) -> Result<Spooled, Problem> {
        self.file.flush().await.map_err(unwritable)?;
        let mut file = self.file.into_std().await;
        file.seek(SeekFrom::Start(0)).map_err(unwritable)?;
        Ok(Spooled { file, length: self.length, hash: hex(self.hash.finish().as_ref()) })
    }
}

fn unwritable(error: std::io::Error) -> Problem {
    tracing::warn!(%error, "a body could not be put aside");
    Problem::unavailable("the data folder")
}
