//! Where pictures are made: off the async workers, at most two at once, and together within 64 MiB of memory.

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;

use super::picture::{Flaw, Formats, LONGEST_SIDE, Picture, open};
use crate::extract::Spooled;
use crate::problem::{Problem, Refused, kinds};

/// Pictures that are made at once.
const AT_ONCE: usize = 2;
/// Memory for all of them, in MiB.
const MEMORY: usize = 64;
/// Uploads that may wait; one more is refused at once.
const WAITING: usize = 16;
/// Longest wait for a place.
const PATIENCE: Duration = Duration::from_secs(10);

/// The memory is the process's own, whatever applications run in it; so is what guards it.
static STUDIO: Studio =
    Studio { places: Semaphore::const_new(AT_ONCE), memory: Semaphore::const_new(MEMORY), guests: AtomicUsize::new(0) };

struct Studio {
    places: Semaphore,
    /// In MiB.
    memory: Semaphore,
    /// Pictures that wait or are made.
    guests: AtomicUsize,
}

/// One of the guests, until dropped.
struct Guest;

impl Guest {
    fn admit() -> Option<Self> {
        let known = STUDIO.guests.fetch_add(1, Ordering::Relaxed);
        let guest = Self; // counted, so that its drop counts it out again
        (known < AT_ONCE + WAITING).then_some(guest)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        STUDIO.guests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Makes a picture of an upload. Bytes that make none are a wrong field `/file`; 503 when too many wait.
pub async fn develop(upload: Spooled) -> Result<Picture, Problem> {
    develop_as(upload, Formats::Plain, "/file").await
}

/// The same in these formats, of an upload that stands at `pointer`.
pub async fn develop_as(upload: Spooled, formats: Formats, pointer: &str) -> Result<Picture, Problem> {
    let _guest = Guest::admit().ok_or_else(overloaded)?;
    let place = patiently(STUDIO.places.acquire()).await?;
    let (file, length): (File, u64) = (upload.file, upload.length);
    let opened = run(pointer, move || open(file, length)).await?;
    let mib = u32::try_from(opened.memory().div_ceil(1024 * 1024)).unwrap_or(u32::MAX);
    let memory = patiently(STUDIO.memory.acquire_many(mib)).await?;
    // With the work and not with the request: a client that leaves does not stop the decoder.
    run(pointer, move || {
        let _held: (SemaphorePermit<'static>, SemaphorePermit<'static>) = (place, memory);
        opened.develop(formats)
    })
    .await
}

/// Drawings that are made at once.
static PENS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Draws a picture that no client sent: its encoded bytes. As many may wait as there are connections.
pub async fn draw(drawing: impl FnOnce() -> Result<Vec<u8>, Flaw> + Send + 'static) -> Result<Vec<u8>, Problem> {
    let pen = patiently(PENS.acquire()).await?;
    let drawn = spawn_blocking(move || {
        let _held: SemaphorePermit<'static> = pen;
        drawing()
    });
    let drawn = drawn.await.map_err(|e| Problem::internal(&e))?;
    drawn.map_err(|flaw| Problem::internal(&std::io::Error::other(format!("a drawing: {flaw:?}"))))
}

async fn patiently<T>(place: impl Future<Output = Result<T, tokio::sync::AcquireError>>) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, place).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(overloaded()),
    }
}

fn overloaded() -> Problem {
    Problem::new(&kinds::OVERLOADED).detail("too many pictures wait to be made").retry_after(Duration::from_secs(3))
}

/// Runs work on bytes that anybody may have sent. A decoder that gives up by panicking has met no picture either.
async fn run<T: Send + 'static>(
    pointer: &str,
    work: impl FnOnce() -> Result<T, Flaw> + Send + 'static,
) -> Result<T, Problem> {
    let outcome = spawn_blocking(work).await.unwrap_or_else(|panic| {
        tracing::warn!(%panic, "a decoder of pictures has panicked");
        Err(Flaw::NoPicture)
    });
    outcome.map_err(|flaw| {
        let Refused { code, message } = match flaw {
            Flaw::NoPicture => Refused::new("picture", "must be a whole PNG, JPEG, WebP or GIF picture"),
            Flaw::TooLarge => Refused::new(
                "dimensions",
                format!(
                    "must be at most {LONGEST_SIDE} pixels on each side, and in all about 13 megapixels (5 to 12 with \
                     alpha, 16 bits a channel, or stored progressively)"
                ),
            ),
        };
        Problem::invalid_field(pointer, code, message)
    })
}
