//! The embedded registry: what `make demo` pulls from, and what the Java, C and shell tests talk to.
//!
//! It prints one line, `listening on http://127.0.0.1:PORT`, and serves until its standard input ends or it is killed.
//! Repository `app` holds an image of every shape (see `tests/support/catalogue.rs`); `--from FOLDER:REPOSITORY:TAG`
//! adds one made of real files. Faults and the request log are reached over the same port (see
//! `tests/support/control.rs`):
//!
//! ```sh
//! cargo run --example registry -- --from /usr/share/doc:docs:v1 &
//! curl -d 'GET /v2/app/blobs/* once cut=1000' http://127.0.0.1:PORT/_control/faults
//! ```

#[path = "../tests/support/mod.rs"]
mod support;

use clap::{Parser, ValueEnum};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use support::{Registry, catalogue};

/// A registry for demonstrations and tests, on the loopback interface only.
#[derive(Parser)]
struct Options {
    /// Port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How clients log in.
    #[arg(long, value_enum, default_value_t = Auth::None)]
    auth: Auth,
    /// The user who may log in; with bearer and no user, anybody gets a token.
    #[arg(long, requires = "password")]
    user: Option<String>,
    /// The user's password.
    #[arg(long, requires = "user")]
    password: Option<String>,
    /// Where the token endpoint is.
    #[arg(long, value_enum, default_value_t = RealmOrigin::Same)]
    realm_origin: RealmOrigin,
    /// Seconds a token lives.
    #[arg(long)]
    token_lifetime: Option<u64>,
    /// Serves HTTPS and writes the certificate of its authority to ca.pem in this folder.
    #[arg(long, value_name = "DIR")]
    tls: Option<PathBuf>,
    /// Makes an image of the files in a folder; may be repeated.
    #[arg(long, value_name = "DIR:REPO:TAG")]
    from: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Auth {
    None,
    Basic,
    Bearer,
}

#[derive(Clone, Copy, ValueEnum)]
enum RealmOrigin {
    Same,
    Other,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let mut builder = Registry::builder().port(options.port);
    let login = options.user.as_deref().zip(options.password.as_deref());
    builder = match (options.auth, login) {
        (Auth::None, None) => builder,
        (Auth::None, Some(_)) => return Err("--user needs --auth basic or --auth bearer".into()),
        (Auth::Basic, Some((user, password))) => builder.basic(user, password),
        (Auth::Basic, None) => return Err("--auth basic needs --user and --password".into()),
        (Auth::Bearer, Some((user, password))) => builder.bearer().login(user, password),
        (Auth::Bearer, None) => builder.bearer(),
    };
    if let RealmOrigin::Other = options.realm_origin {
        builder = builder.realm_on_other_origin();
    }
    if let Some(seconds) = options.token_lifetime {
        builder = builder.token_lifetime(seconds);
    }
    if let Some(folder) = &options.tls {
        std::fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
        builder = builder.tls_in(folder);
    }

    let registry = builder.start();
    catalogue::fill(&registry, "app");
    for from in &options.from {
        // From the right: a folder's name may hold colons.
        let mut parts = from.rsplitn(3, ':');
        let (Some(tag), Some(repo), Some(folder)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("--from {from}: not DIR:REPO:TAG").into());
        };
        catalogue::from_folder(&registry, folder.as_ref(), repo, tag).map_err(|e| format!("--from {from}: {e}"))?;
    }

    let mut out = io::stdout();
    writeln!(out, "listening on {}", registry.url())?;
    out.flush()?;
    // Whoever started this holds the other end of standard input: when that process ends, however it ends, so does the
    // registry.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
