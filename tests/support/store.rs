//! What a registry holds: manifests, tags and blobs by repository. It believes everything it is told, so it can hold
//! lies.

use super::content::{Content, sha256};
use super::image::Pushed;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A document stored under `/manifests/`.
#[derive(Clone, Debug)]
pub struct Document {
    /// Sent as Content-Type.
    pub media_type: String,
    /// Sent as Docker-Content-Digest, and the address it is stored at.
    pub digest: String,
    /// The bytes.
    pub body: Bytes,
}

type Maker = Box<dyn FnOnce(&Store) + Send>;

#[derive(Default)]
struct Repository {
    tags: BTreeMap<String, Document>,
    documents: HashMap<String, Document>,
    blobs: HashMap<String, Content>,
    lazy: HashMap<String, Maker>,
}

#[derive(Default)]
struct Inner {
    repositories: Mutex<BTreeMap<String, Repository>>,
    images: Mutex<BTreeMap<String, Pushed>>,
    /// Held while an image is made on demand, so that it is made once and a second request waits for it.
    making: Mutex<()>,
}

/// A shared handle on the content.
#[derive(Clone, Default)]
pub struct Store(Arc<Inner>);

impl AsRef<Store> for Store {
    fn as_ref(&self) -> &Store {
        self
    }
}

/// A test that panicked elsewhere must not hide behind a poisoned lock here.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    fn with<T>(&self, repo: &str, act: impl FnOnce(&mut Repository) -> T) -> T {
        act(lock(&self.0.repositories).entry(repo.to_owned()).or_default())
    }

    /// Stores a blob; returns its digest.
    pub fn put_blob(&self, repo: &str, content: impl Into<Content>) -> String {
        let content = content.into();
        let digest = content.digest();
        self.put_blob_at(repo, &digest, content);
        digest
    }

    /// Stores a blob under a digest that may not be its own.
    pub fn put_blob_at(&self, repo: &str, digest: &str, content: impl Into<Content>) {
        let content = content.into();
        self.with(repo, |r| r.blobs.insert(digest.to_owned(), content));
    }

    /// Stores a document and points a tag at it (an empty tag: the digest only); returns its digest.
    pub fn put_manifest(&self, repo: &str, tag: &str, media_type: &str, body: impl Into<Bytes>) -> String {
        let body = body.into();
        let digest = sha256(&body);
        self.put_manifest_at(repo, tag, &digest, media_type, body);
        digest
    }

    /// Stores a document under a digest that may not be its own.
    pub fn put_manifest_at(&self, repo: &str, tag: &str, digest: &str, media_type: &str, body: impl Into<Bytes>) {
        let document = Document { media_type: media_type.to_owned(), digest: digest.to_owned(), body: body.into() };
        self.with(repo, |r| {
            if !tag.is_empty() {
                r.tags.insert(tag.to_owned(), document.clone());
            }
            r.documents.insert(document.digest.clone(), document);
        });
    }

    /// Has an image made when its tag is first asked for. The maker must push to that tag.
    pub fn put_lazily(&self, repo: &str, tag: &str, make: impl FnOnce(&Store) + Send + 'static) {
        self.with(repo, |r| r.lazy.insert(tag.to_owned(), Box::new(make)));
    }

    /// Forgets a blob or a document.
    pub fn remove(&self, repo: &str, digest: &str) {
        self.with(repo, |r| {
            r.blobs.remove(digest);
            r.documents.remove(digest);
        });
    }

    /// The document a tag or digest names.
    pub fn manifest(&self, repo: &str, reference: &str) -> Option<Document> {
        if let Some(found) = self.find(repo, reference) {
            return Some(found);
        }
        // Absent, to be made, or being made by another request: the lock tells which.
        let _once = lock(&self.0.making);
        let maker = lock(&self.0.repositories).get_mut(repo).and_then(|r| r.lazy.remove(reference));
        if let Some(make) = maker {
            make(self);
        }
        self.find(repo, reference)
    }

    fn find(&self, repo: &str, reference: &str) -> Option<Document> {
        let repositories = lock(&self.0.repositories);
        let r = repositories.get(repo)?;
        r.tags.get(reference).or_else(|| r.documents.get(reference)).cloned()
    }

    /// The blob at a digest.
    pub fn blob(&self, repo: &str, digest: &str) -> Option<Content> {
        lock(&self.0.repositories).get(repo)?.blobs.get(digest).cloned()
    }

    /// Whether anything was ever pushed to the repository.
    pub fn has_repository(&self, repo: &str) -> bool {
        lock(&self.0.repositories).contains_key(repo)
    }

    /// The repository's tags in order, those not made yet included.
    pub fn tags(&self, repo: &str) -> Vec<String> {
        let repositories = lock(&self.0.repositories);
        let Some(r) = repositories.get(repo) else { return Vec::new() };
        let mut tags: Vec<_> = r.tags.keys().chain(r.lazy.keys()).cloned().collect();
        tags.sort();
        tags
    }

    /// All repositories.
    pub fn repositories(&self) -> Vec<String> {
        lock(&self.0.repositories).keys().cloned().collect()
    }

    /// Remembers what a push made, so that other processes can ask for the digests.
    pub(super) fn note(&self, repo: &str, tag: &str, image: &Pushed) {
        lock(&self.0.images).insert(format!("{repo}:{tag}"), image.clone());
    }

    /// What was pushed as an image, by `repository:tag`.
    pub fn images(&self) -> BTreeMap<String, Pushed> {
        lock(&self.0.images).clone()
    }
}
