//! Files: in a local folder, or in an S3-compatible store, by the same calls.

use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;
use url::Url;

use crate::config::StorageConfig;

const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait for an answer: a storage that hangs fails its callers in bounded time.
const CALL_TIMEOUT: Duration = Duration::from_millis(2_500);

/// How long after a request to an S3-compatible store it is sent once more, when the store refuses it.
const RETRY_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest time for a file that is stored piece by piece, its wait for a place included.
const FILE_TIMEOUT: Duration = Duration::from_secs(10);
/// Files that are stored piece by piece at the same time.
const FILES_AT_ONCE: usize = 8;
/// Bytes of a piece: what an S3-compatible store takes at least.
const PIECE: usize = 5 * 1024 * 1024;

/// The storage failed.
#[derive(Debug, thiserror::Error)]
#[error("the storage failed: {0}")]
pub struct StorageError(pub String);

impl StorageError {
    fn late() -> Self {
        Self("no answer in time".into())
    }
}

impl From<object_store::Error> for StorageError {
    fn from(error: object_store::Error) -> Self {
        Self(error.to_string())
    }
}

/// A file on its way out.
pub struct StoredFile {
    /// Its bytes.
    pub length: u64,
    /// The bytes themselves.
    pub pieces: BoxStream<'static, Result<Vec<u8>, StorageError>>,
}

/// The storage of an application. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The folder, of a local one.
    folder: Option<Arc<PathBuf>>,
    places: Arc<Semaphore>,
}

impl Storage {
    /// Opens the storage that `config.url` names, and makes a local folder that is not there.
    pub fn open(config: &StorageConfig) -> Result<Self, StorageError> {
        let wrong = |e: &dyn std::fmt::Display| StorageError(format!("storage.url (STORAGE_URL): {e}"));
        if let Some(path) = config.url.strip_prefix("file://") {
            std::fs::create_dir_all(path).map_err(|e| wrong(&e))?;
            let store = object_store::local::LocalFileSystem::new_with_prefix(path)?.with_fsync(true);
            let folder = Some(Arc::new(PathBuf::from(path)));
            return Ok(Self { folder, ..Self::of(Arc::new(store), Path::default()) });
        }
        let url = Url::parse(&config.url).map_err(|e| wrong(&e))?;
        if url.scheme() != "s3" {
            return Err(wrong(&"must be file://PATH or s3://BUCKET/PREFIX"));
        }
        // A store that is down is told of in time; who asks tries again.
        let retry = RetryConfig { max_retries: 1, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        let store = object_store::aws::AmazonS3Builder::from_env().with_url(config.url.as_str()).with_retry(retry);
        let store = store.build()?;
        Ok(Self::of(Arc::new(store), Path::from(url.path())))
    }

    fn of(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self { store, prefix, folder: None, places: Arc::new(Semaphore::new(FILES_AT_ONCE)) }
    }

    /// Stores `bytes` under `name`.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), StorageError> {
        let path = self.path(name);
        let put = self.store.put(&path, PutPayload::from(bytes));
        tokio::time::timeout(CALL_TIMEOUT, put).await.map_err(|_| StorageError::late())??;
        Ok(())
    }

    /// Stores what is in `file`, from where it stands, under `name`: piece by piece, so that it need not fit the memory.
    pub async fn put_file(&self, name: &str, file: File) -> Result<(), StorageError> {
        let path = self.path(name);
        let work = async {
            let _place = self.places.acquire().await.map_err(|e| StorageError(e.to_string()))?;
            let store = Arc::clone(&self.store);
            let mut writer = BufWriter::with_capacity(store, path, PIECE).with_max_concurrency(1);
            let copied = tokio::io::copy(&mut tokio::fs::File::from_std(file), &mut writer).await;
            if let Err(error) = copied {
                writer.abort().await?; // what was stored of it
                return Err(StorageError(error.to_string()));
            }
            writer.shutdown().await.map_err(|e| StorageError(e.to_string()))
        };
        tokio::time::timeout(FILE_TIMEOUT, work).await.map_err(|_| StorageError::late())?
    }

    /// The bytes under `name`.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>, StorageError> {
        let path = self.path(name);
        let get = async { self.store.get(&path).await?.bytes().await };
        Ok(tokio::time::timeout(CALL_TIMEOUT, get).await.map_err(|_| StorageError::late())??.to_vec())
    }

    /// The file under `name`, to be read piece by piece.
    pub async fn open_file(&self, name: &str) -> Result<StoredFile, StorageError> {
        self.fetch(name, GetOptions::default()).await
    }

    /// These bytes of the file under `name`, as far as it has them; not none.
    pub async fn open_part(&self, name: &str, bytes: Range<u64>) -> Result<StoredFile, StorageError> {
        self.fetch(name, GetOptions { range: Some(GetRange::Bounded(bytes)), ..GetOptions::default() }).await
    }

    /// Bytes in the file under `name`.
    pub async fn length(&self, name: &str) -> Result<u64, StorageError> {
        let path = self.path(name);
        let found = tokio::time::timeout(CALL_TIMEOUT, self.store.head(&path)).await;
        Ok(found.map_err(|_| StorageError::late())??.size)
    }

    async fn fetch(&self, name: &str, options: GetOptions) -> Result<StoredFile, StorageError> {
        let path = self.path(name);
        let found = tokio::time::timeout(CALL_TIMEOUT, self.store.get_opts(&path, options)).await;
        let found = found.map_err(|_| StorageError::late())??;
        let length = found.range.end - found.range.start;
        let pieces = found.into_stream().map(|piece| piece.map(Vec::from).map_err(StorageError::from)).boxed();
        Ok(StoredFile { length, pieces })
    }

    /// Removes `name`; what is not there is removed already.
    pub async fn delete(&self, name: &str) -> Result<(), StorageError> {
        let path = self.path(name);
        let deleted = tokio::time::timeout(CALL_TIMEOUT, self.store.delete(&path)).await;
        match deleted.map_err(|_| StorageError::late())? {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    /// The same, with what a process that died has left of writing it: a local folder gets a file under another name first,
    /// `name#1`, which is renamed when it is whole. Nobody may be writing it.
    pub async fn clear(&self, name: &str) -> Result<(), StorageError> {
        self.delete(name).await?;
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let path = folder.join(self.path(name).as_ref());
        let cleared = tokio::task::spawn_blocking(move || remove_unfinished(&path));
        let cleared = tokio::time::timeout(CALL_TIMEOUT, cleared).await.map_err(|_| StorageError::late())?;
        let cleared = cleared.map_err(|e| StorageError(e.to_string()))?;
        cleared.map_err(|e| StorageError(e.to_string()))
    }

    /// Whether files can be written and removed, asked within two seconds.
    pub async fn probe(&self) -> Result<(), StorageError> {
        let name = format!(".probe-{}", crate::random::id().map_err(|e| StorageError(e.to_string()))?);
        let work = async {
            self.put(&name, b"probe".to_vec()).await?;
            self.delete(&name).await
        };
        tokio::time::timeout(PROBE_TIMEOUT, work).await.map_err(|_| StorageError("no answer in time".into()))?
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.parts().chain(Path::from(name).parts()).collect()
    }
}

/// Removes what stands beside a file under its name and `#`, with a number behind that.
fn remove_unfinished(path: &std::path::Path) -> std::io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Ok(());
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let beside = entry.file_name();
        let number = beside.to_str().and_then(|beside| beside.strip_prefix(name)?.strip_prefix('#'));
        if number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())) {
            match std::fs::remove_file(entry.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// As a process leaves them that was killed while it wrote.
    #[tokio::test]
    async fn what_is_cleared_leaves_nothing_unfinished() {
        let home = tempfile::tempdir().unwrap();
        let config = StorageConfig { url: format!("file://{}", home.path().display()), ..StorageConfig::default() };
        let storage = Storage::open(&config).unwrap();
        storage.put("a/one", b"whole".to_vec()).await.unwrap();
        let folder = home.path().join("a");
        for name in ["one#1", "one#23", "one#", "one#x", "one2#1", "two#1"] {
            std::fs::write(folder.join(name), b"half").unwrap();
        }
        storage.clear("a/one").await.unwrap();
        assert_eq!(names(&folder), ["one#", "one#x", "one2#1", "two#1"]);
        storage.clear("a/two").await.unwrap(); // of which there is nothing whole
        storage.clear("nowhere/three").await.unwrap();
        assert_eq!(names(&folder), ["one#", "one#x", "one2#1"]);
    }
}
