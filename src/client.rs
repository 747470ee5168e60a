//! The engine's front: a client made from settings, which pulls.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::provider::callback::Desk;
use crate::provider::{self};
use crate::pull::{self, Job, Pulled};
use crate::session::Session;
use crate::settings::{PullOptions, Settings};
use crate::transport::Transport;
use crate::transport::auth::Auth;
use crate::transport::certificates::Certificates;
use crate::transport::http::Http;
use crate::transport::origin::Origin;

/// Pulls images from one provider. Cheap to clone; clones share connections, tokens and the connection budget.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    side_by_side: usize,
    transport: Transport,
}

impl Client {
    /// A client with `settings`. Reads the certificates they name; no network.
    ///
    /// # Errors
    /// InvalidArgument if the settings do not fit together.
    pub fn new(settings: &Settings) -> Result<Self> {
        let side_by_side = settings.max_connections.unwrap_or(limits::DEFAULT_CONNECTIONS);
        let endpoint = settings.endpoint.as_ref().map(Origin::of);
        let certificates = Certificates::new(&settings.certificates, endpoint.as_ref())?;
        let http = Http::new(certificates, settings.proxies.clone(), side_by_side, &settings.retries);
        let auth = Auth::new(provider::source(settings)?, settings.trusted_auth_hosts.clone());
        let transport = Transport::new(http, auth);
        Ok(Self(Arc::new(Inner { settings: settings.clone(), side_by_side, transport })))
    }

    /// Where this client's credentials are asked for, if its provider is outside the engine.
    pub fn desk(&self) -> Option<&Desk> {
        self.0.transport.auth().desk()
    }

    /// Pulls the image that `reference` names into a tar at `destination`.
    ///
    /// The file appears whole or not at all. Dropping the future, or `session`'s cancellation, undoes everything: the temp
    /// name is gone when this returns.
    ///
    /// # Errors
    /// Every [`ErrorKind`] except Closed and Interrupted, which belong to the language boundary.
    pub async fn pull(
        &self,
        reference: &str,
        destination: &Path,
        options: &PullOptions,
        session: &Session,
    ) -> Result<Pulled> {
        let started = Instant::now();
        let pull = async {
            let place = provider::resolve(&self.0.settings, reference)?;
            let job = Job {
                transport: &self.0.transport,
                place: &place,
                platform: options.platform.over(&self.0.settings.platform),
                options,
                side_by_side: self.0.side_by_side,
                retries: &self.0.settings.retries,
            };
            pull::run(&job, destination, session).await
        };
        let pulled = tokio::select! {
            // Cancellation first: a pull that is stopped must not succeed by chance.
            biased;
            () = session.cancel().cancelled() => Err(Error::new(ErrorKind::Cancelled, "the pull was cancelled")),
            () = deadline(self.0.settings.retries.total_timeout) => {
                Err(Error::new(ErrorKind::DeadlineExceeded, "the total timeout is over"))
            }
            pulled = pull => pulled,
        };
        pulled.map_err(|why| match why.kind() {
            ErrorKind::InvalidArgument => why,
            _ => why.context(format!("pull {reference}")).with_elapsed(started.elapsed()),
        })
    }
}

async fn deadline(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}
