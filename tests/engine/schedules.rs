//! Faults at random, many at once: every pull ends in a correct archive or a clear error, soon, and leaves nothing behind.
//!
//! `MCJR_SEED=N cargo test --all-features --test engine schedules` runs the schedules of a seed that a failure has printed.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use multicloudj_registry::ErrorKind;

use crate::archive::{Archive, Kept};
use crate::fixture::{PASSWORD, Puller, SIGNATURE, USER, until};
use crate::support::auth::TOKEN_MARK;
use crate::support::fault::dice;
use crate::support::{Content, Image, Layer, Pushed, Registry, big_plain, gzip, members, plain, zstd};

const SCHEDULES: u64 = 96;
/// Every so many have a layer that comes in parts.
const BIG_EVERY: u64 = 12;

static BIG: LazyLock<Layer> = LazyLock::new(|| big_plain(33 << 20));

/// Throws dice for one schedule.
struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.thrown += 1;
        dice(self.seed, self.thrown) % n
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let n = usize::try_from(self.below(of.len() as u64)).expect("a small number");
        of[n]
    }

    /// A number that is small as often as it is large.
    fn number(&mut self) -> u64 {
        let bits = self.below(20);
        self.below(1 << (bits + 1))
    }
}

/// A line of random faults.
fn line(dice: &mut Dice, image: &Pushed) -> String {
    let blob = |digest: &str| format!("/v2/app/blobs/{digest}");
    let layers = image.layers.len() as u64;
    let path = match dice.below(7) {
        0 => "*".into(),
        1 => "/v2/app/manifests/*".into(),
        2 => "/token".into(),
        3 => blob(&image.config_digest),
        4 => "other:*".into(),
        5 => "/v2/app/blobs/*".into(),
        _ => blob(&image.layers[usize::try_from(dice.below(layers)).expect("a small number")].digest),
    };
    let condition = match dice.below(6) {
        0 => "once".into(),
        1 => format!("times={}", dice.below(4) + 1),
        2 => format!("percent={} seed={}", dice.below(60) + 1, dice.below(1_000)),
        3 => format!("after={} once", dice.below(4)),
        4 => "range".into(),
        _ => String::new(),
    };
    let (n, odd) = (dice.number(), dice.below(100_000));
    let action = match dice.below(26) {
        0..3 => format!("status={}", dice.one(&["408", "429", "500", "502", "503", "504"])),
        3 => format!("status={}", dice.one(&["400", "401", "403", "404", "405", "416", "418", "501", "300", "204"])),
        4 => format!("status=429 retry-after={}", dice.one(&["0", "junk", "100000", "-1"])),
        5..10 => format!("cut={n}"),
        10 => format!("stall={n}"),
        11 => format!("trickle={}/1", 1_000 + odd),
        12 => format!("flip={n}"),
        13 => format!("short={}", dice.below(9) + 1),
        14 => format!("long={}", dice.below(9) + 1),
        15 => format!("extra={}", dice.below(9) + 1),
        16 => format!("no-length cut={n}"),
        17 => format!("until-close cut={n}"),
        18 => "ignore-range".into(),
        19 => format!("\"content-range=bytes {odd}-{n}/{n}\""),
        20 => format!("shift={odd}"),
        21 => format!("delay={}", dice.below(20)),
        22..24 => "reset".into(),
        24 => format!("redirect=307:other:{{path}}?X-Sig={SIGNATURE}"),
        _ => {
            dice.one(&["\"raw=no HTTP\"", "gzip-encoding", "body=nothing", "content-range=none", "headers=200"]).into()
        }
    };
    format!("GET {path} {condition} {action}")
}

struct Outcome {
    worked: bool,
    requests: usize,
    time: Duration,
}

fn run(seed: u64, number: u64) -> Outcome {
    let mut dice = Dice { seed: dice(seed, number), thrown: 0 };
    let registry = match dice.below(3) {
        0 => Registry::builder().start(),
        1 => Registry::builder().basic(USER, PASSWORD).start(),
        _ => Registry::builder().bearer().login(USER, PASSWORD).start(),
    };
    let noise = Content::generated(dice.below(1_000), 20_000 + dice.below(400_000)).bytes();
    let files: &[(&str, &[u8])] = &[("noise", &noise)];
    let mut image = Image::new().layer(gzip(&[("a", b"small")])).layer(zstd(files)).layer(members(files));
    image = image.layer(if number.is_multiple_of(BIG_EVERY) { BIG.clone() } else { plain(files) });
    let image = image.push(&registry, "app", "v1");
    let lines: Vec<String> = (0..=dice.below(5)).map(|_| line(&mut dice, &image)).collect();
    let script = lines.join("\n");
    registry.fault(&script);

    let numbers = [dice.below(5) + 1, dice.below(8) + 1].map(|n| n.to_string());
    let puller = Puller::with(
        &registry,
        &[
            ("username", USER),
            ("password", PASSWORD),
            ("retry-attempts", &numbers[0]),
            ("max-connections", &numbers[1]),
            ("retry-initial-delay", "1"),
            ("idle-timeout", "250"),
        ],
    );
    let (puller, kept) = match dice.below(3) {
        0 => (puller.option("format", "oci"), Kept::AsStored),
        // What is generated cannot be compared decoded.
        1 if !number.is_multiple_of(BIG_EVERY) => (puller.option("layers", "uncompressed"), Kept::Decoded),
        _ => (puller, Kept::ForDocker),
    };

    let told = format!("MCJR_SEED={seed}, schedule {number}, {numbers:?}:\n{script}\n");
    let before = Instant::now();
    let pulled = puller.pull_to("app:v1", &puller.file());
    let time = before.elapsed();
    assert!(time < Duration::from_secs(60), "it takes {time:?}: {told}");
    let names: Vec<_> = std::fs::read_dir(puller.folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let worked = match pulled {
        Ok(pulled) => {
            assert_eq!(names, ["image.tar"], "{told}");
            let archive = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                Archive::read(&puller.file(), pulled).holds(&image, kept);
            }));
            assert!(archive.is_ok(), "the archive is wrong: {told}");
            true
        }
        Err(why) => {
            assert!(names.is_empty(), "{names:?} is left: {told}");
            let text = format!("{why} {:?}", why.causes());
            assert!(
                !matches!(why.kind(), ErrorKind::Internal | ErrorKind::Cancelled | ErrorKind::Io),
                "{text}: {told}"
            );
            assert!(text.contains(": ") && text.contains("after "), "{text}: {told}");
            for secret in [PASSWORD, TOKEN_MARK, SIGNATURE] {
                assert!(!text.contains(secret), "{text}: {told}");
            }
            false
        }
    };
    let requests = registry.requests().len();
    assert!(requests < 600, "{requests} requests: {told}");
    drop(puller);
    until("the end of every connection", || registry.open_connections() == 0);
    Outcome { worked, requests, time }
}

#[test]
fn every_pull_ends_right_or_says_why_not() {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs();
    let seed = std::env::var("MCJR_SEED").ok().map_or(clock, |seed| seed.parse().expect("MCJR_SEED is a number"));
    eprintln!("MCJR_SEED={seed}");
    let threads = 4;
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let work = |thread| move || (thread..SCHEDULES).step_by(threads).map(|number| run(seed, number)).collect();
        let workers: Vec<_> = (0..threads as u64).map(|thread| scope.spawn(work(thread))).collect();
        let ended = workers.into_iter().map(|worker| worker.join());
        ended.flat_map(|outcomes: std::thread::Result<Vec<Outcome>>| outcomes.expect("see above")).collect()
    });
    let worked = outcomes.iter().filter(|outcome| outcome.worked).count();
    let requests: usize = outcomes.iter().map(|outcome| outcome.requests).sum();
    let slowest = outcomes.iter().map(|outcome| outcome.time).max().unwrap_or_default();
    eprintln!("{} schedules: {worked} correct archives, {requests} requests, the slowest {slowest:?}", outcomes.len());
    assert!(
        worked > 10 && worked < outcomes.len() - 10,
        "{worked} of {}: the faults are too mild or too hard",
        outcomes.len()
    );
}
