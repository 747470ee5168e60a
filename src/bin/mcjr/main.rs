//! `mcjr`: the engine from a shell. A thin front: arguments in, progress on stderr, the result on stdout.

mod progress;

use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use multicloudj_registry::{Client, Error, ErrorKind, PullOptions, Pulled, Result, Session, Settings, runtime};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Pulls container images from registries into a tar that `docker load` accepts.
#[derive(Debug, Parser)]
#[command(name = "mcjr", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pulls an image into a tar file
    #[command(after_help = EXAMPLES)]
    Pull(Box<Pull>),
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 2 bad usage, else 10 + the kind of error:
  11 invalid argument   12 not found      13 unauthorized   14 rate limited   15 disk full
  16 deadline exceeded  17 unsupported    20 cancelled      21 digest or size mismatch
  22 malformed answer   23 unavailable    24 local I/O      25 internal error";

const EXAMPLES: &str = "\
Examples:
  Registry:     mcjr pull registry.example.com/team/app:v1 app.tar
                mcjr pull --endpoint http://localhost:5000 team/app:v1 app.tar
                mcjr pull --endpoint https://10.0.0.7:5000 --ca company-ca.pem team/app:v1 app.tar
                mcjr pull --endpoint https://10.0.0.7:5000 --cert me.pem --key me.key team/app:v1 app.tar
  Login:        mcjr pull --endpoint https://registry.example.com \\
                    --username ci --password-stdin team/app:v1 app.tar < password.txt
  Image:        mcjr pull --platform linux/arm64 alpine:3.20 alpine-arm64.tar
                mcjr pull alpine@sha256:<64 hex digits> alpine.tar
  Archive:      mcjr pull --format oci alpine:3.20 alpine.oci.tar
                mcjr pull --layers uncompressed --durable alpine:3.20 alpine.tar
  Transfer:     mcjr pull --proxy http://proxy:3128 --no-proxy .corp.example.com alpine:3.20 alpine.tar
                mcjr pull --max-connections 4 --retries 9 --timeout 600 alpine:3.20 alpine.tar
  Output:       mcjr pull --json alpine:3.20 alpine.tar | jq -r .digest

Then:           docker load -i alpine.tar

Exit codes: see mcjr --help";

#[derive(Debug, Args)]
struct Pull {
    // As `help`, here and below: rustdoc would take the brackets for links.
    #[arg(help = "The image: [HOST[:PORT]/]PATH[:TAG][@DIGEST]")]
    reference: String,
    /// The tar to write; replaced if it exists
    file: PathBuf,

    #[arg(long, value_name = "URL", help_heading = "Registry")]
    #[arg(help = "The registry, as https://HOST[:PORT] (http:// for loopback addresses only)")]
    endpoint: Option<String>,
    /// The provider
    #[arg(long, value_name = "ID", default_value = "oci", help_heading = "Registry")]
    provider: String,
    /// PEM file with CA certificates to trust besides the system's
    #[arg(long, value_name = "PEM", help_heading = "Registry")]
    ca: Option<PathBuf>,
    /// PEM file with a client certificate, for the endpoint alone
    #[arg(long, value_name = "PEM", help_heading = "Registry")]
    cert: Option<PathBuf>,
    /// PEM file with its key, unless that is in the same file
    #[arg(long, value_name = "PEM", requires = "cert", help_heading = "Registry")]
    key: Option<PathBuf>,
    /// Further settings, for example trusted-auth-hosts=auth.example.com
    #[arg(long = "option", short = 'o', value_name = "KEY=VALUE", help_heading = "Registry")]
    settings: Vec<String>,

    /// User name; needs --endpoint and --password-stdin
    #[arg(long, value_name = "USER", requires = "password_stdin", help_heading = "Login")]
    username: Option<String>,
    /// Read the password or token from standard input
    #[arg(long, requires = "username", help_heading = "Login")]
    password_stdin: bool,

    #[arg(long, value_name = "PLATFORM", help_heading = "Image")]
    #[arg(help = "Which child of a multi-platform image: OS/ARCH[/VARIANT][:OS.VERSION] [default: linux/amd64]")]
    platform: Option<String>,

    /// The kind of archive
    #[arg(long, value_enum, default_value_t = Format::Docker, help_heading = "Archive")]
    format: Format,
    /// How layers are kept
    #[arg(long, value_enum, default_value_t = Layers::AsStored, help_heading = "Archive")]
    layers: Layers,
    /// Have the file on the disk (fsync) before returning
    #[arg(long, help_heading = "Archive")]
    durable: bool,

    #[arg(long, value_name = "URL", help_heading = "Transfer")]
    #[arg(help = "The proxy, http://HOST:PORT, or direct for none [default: HTTPS_PROXY]")]
    proxy: Option<String>,
    #[arg(long, value_name = "HOSTS", help_heading = "Transfer")]
    #[arg(help = "Hosts reached without the proxy, by comma [default: NO_PROXY]")]
    no_proxy: Option<String>,
    #[arg(long, value_name = "N", help_heading = "Transfer")]
    #[arg(help = "Most connections to a host at a time [default: 16]")]
    max_connections: Option<String>,
    #[arg(long, value_name = "N", help_heading = "Transfer")]
    #[arg(help = "How often a request that failed is tried again [default: 4]")]
    retries: Option<u32>,
    /// Seconds for the whole pull
    #[arg(long, value_name = "SECONDS", help_heading = "Transfer")]
    timeout: Option<u32>,

    /// Print the result as one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// What docker save writes
    Docker,
    /// An OCI image layout that docker load reads, too
    Oci,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Layers {
    /// Byte for byte as the registry has them (zstd is decoded in a docker archive)
    AsStored,
    /// Plain tar
    Uncompressed,
}

fn main() -> ExitCode {
    let Command::Pull(pull) = Cli::parse().command;
    match run(&pull) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&why);
            ExitCode::from(u8::try_from(10 + why.kind().number()).unwrap_or(1))
        }
    }
}

fn run(pull: &Pull) -> Result<()> {
    let client = Client::new(&settings(pull)?)?;
    let options = options(pull)?;
    let cancel = CancellationToken::new();
    let (session, _bell) = Session::new(cancel.clone());
    let show = if pull.quiet {
        progress::Show::Nothing
    } else if std::io::stderr().is_terminal() {
        progress::Show::Bars
    } else {
        progress::Show::Lines
    };
    let pulled = runtime::handle()?.block_on(async {
        let work = client.pull(&pull.reference, &pull.file, &options, &session);
        let interrupted = async {
            stop_signal().await;
            cancel.cancel();
            // The pull itself ends now, and says so.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            pulled = progress::watch(show, &session, work) => pulled,
            () = interrupted => unreachable!("it only cancels"),
        }
    })?;
    report(pull, &pulled).map_err(Error::io)
}

fn settings(pull: &Pull) -> Result<Settings> {
    let mut settings = Settings::default();
    settings.inherit(|name| std::env::var(name).ok());
    let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let (ca, cert, key) = (text(&pull.ca), text(&pull.cert), text(&pull.key));
    let attempts = pull.retries.map(|retries| retries.saturating_add(1).to_string());
    let timeout = pull.timeout.map(|seconds| (u64::from(seconds) * 1000).to_string());
    let given = [
        ("provider", Some(&pull.provider)),
        ("endpoint", pull.endpoint.as_ref()),
        ("trusted-certificates", ca.as_ref()),
        ("client-certificate", cert.as_ref()),
        ("client-key", key.as_ref()),
        ("proxy-endpoint", pull.proxy.as_ref()),
        ("no-proxy", pull.no_proxy.as_ref()),
        ("max-connections", pull.max_connections.as_ref()),
        ("retry-attempts", attempts.as_ref()),
        ("total-timeout", timeout.as_ref()),
        ("username", pull.username.as_ref()),
    ];
    for (key, value) in given {
        if let Some(value) = value {
            settings.set(key, value)?;
        }
    }
    for setting in &pull.settings {
        let Some((key, value)) = setting.split_once('=') else {
            return Err(Error::new(ErrorKind::InvalidArgument, format!("option {setting:?} is not KEY=VALUE")));
        };
        settings.set(key, value)?;
    }
    if pull.password_stdin {
        settings.set("password", &read_password()?)?;
    }
    Ok(settings)
}

/// The password from standard input, without the newline that `echo` adds.
fn read_password() -> Result<String> {
    // A password, not a file that was piped in by mistake.
    const LONGEST: u64 = 64 << 10;
    let mut text = String::new();
    let read = std::io::stdin().take(LONGEST + 1).read_to_string(&mut text).map_err(Error::io)?;
    if read as u64 > LONGEST {
        return Err(Error::new(ErrorKind::InvalidArgument, format!("the password is longer than {LONGEST} bytes")));
    }
    let password = text.strip_suffix('\n').unwrap_or(&text);
    Ok(password.strip_suffix('\r').unwrap_or(password).to_owned())
}

fn options(pull: &Pull) -> Result<PullOptions> {
    let mut options = PullOptions::default();
    if let Some(platform) = &pull.platform {
        options.set("platform", platform)?;
    }
    options.set("format", if matches!(pull.format, Format::Oci) { "oci" } else { "docker" })?;
    options.set("layers", if matches!(pull.layers, Layers::Uncompressed) { "uncompressed" } else { "as-stored" })?;
    options.set("durable", if pull.durable { "true" } else { "false" })?;
    Ok(options)
}

fn report(pull: &Pull, pulled: &Pulled) -> std::io::Result<()> {
    if !pull.json {
        if !pull.quiet {
            let path = pulled.saved_path.display();
            writeln!(std::io::stderr(), "{} {} -> {path} ({} bytes)", pulled.digest, pulled.platform, pulled.size)?;
        }
        return Ok(());
    }
    let result = json!({
        "savedPath": pulled.saved_path.to_string_lossy(),
        "digest": pulled.digest.as_str(),
        "tag": pulled.tag,
        "indexDigest": pulled.index_digest.as_ref().map(|digest| digest.as_str()),
        "configDigest": pulled.config_digest.as_str(),
        "platform": pulled.platform.to_string(),
        "size": pulled.size,
    });
    writeln!(std::io::stdout(), "{result}")
}

fn complain(why: &Error) {
    let mut stderr = std::io::stderr();
    // Nothing is left to tell it to if stderr is closed.
    let _ = writeln!(stderr, "mcjr: {why}");
    for cause in why.causes() {
        let _ = writeln!(stderr, "  caused by: {cause}");
    }
}

/// Ctrl-C, a terminal that closes, or a polite request to end.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let of = |kind| signal(kind).ok();
    let signals = (of(SignalKind::interrupt()), of(SignalKind::terminate()), of(SignalKind::hangup()));
    let (Some(mut interrupt), Some(mut terminate), Some(mut hangup)) = signals else {
        // Without handlers the signals keep their own effect, which ends the process.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
