//! Many layers, many pulls, few connections: nothing waits for itself.

use crate::archive::{Archive, Kept};
use crate::fixture::{PASSWORD, Puller, USER, until};
use crate::support::registry::Builder;
use crate::support::{Image, Pushed, Registry, gzip, zstd};

fn push(registry: &Registry, tag: &str, layers: u16) -> Pushed {
    let layers = (0..layers).map(|n| {
        let text = format!("{tag} {n}");
        // Every third is decoded.
        if n % 3 == 0 { zstd(&[("file", text.as_bytes())]) } else { gzip(&[("file", text.as_bytes())]) }
    });
    layers.fold(Image::new(), Image::layer).push(registry, "app", tag)
}

#[test]
fn a_hundred_layers_through_two_connections() {
    let registry = Registry::start();
    let image = push(&registry, "v1", 100);
    let puller = Puller::with(&registry, &[("max-connections", "2")]);
    puller.works("app:v1").holds(&image, Kept::ForDocker);
    assert_eq!(registry.requests().len(), 102);
    assert!(registry.connections() < 20, "{} for two at a time", registry.connections());
}

#[test]
fn no_more_at_a_time_than_allowed() {
    let registry = Registry::start();
    push(&registry, "v1", 9);
    registry.fault("GET /v2/app/blobs/* after=1 stall=3");
    let puller = Puller::with(&registry, &[("max-connections", "3")]);
    let running = [puller.start("app:v1"), puller.start_to("app:v1", &puller.folder().join("other.tar"))];
    until("three blobs", || registry.count("GET", "/v2/app/blobs/*") >= 3 && registry.peak() >= 3);
    // That nothing more comes has no event.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(registry.peak(), 3, "a client's pulls share one budget");
    for pull in running {
        pull.session.cancel().cancel();
        pull.end().expect_err("it was cancelled");
    }
}

#[test]
fn one_connection_is_enough_for_everything() {
    let guards: [fn() -> Builder; 3] = [
        Registry::builder,
        || Registry::builder().basic(USER, PASSWORD),
        || Registry::builder().bearer().login(USER, PASSWORD),
    ];
    for guard in guards {
        let registry = guard().start();
        let image = push(&registry, "v1", 7);
        // Redirects inside the registry need the connection that brought them.
        registry.fault("GET /v2/app/blobs/* times=3 redirect=307:{path}");
        let puller = Puller::with(&registry, &[("max-connections", "1"), ("username", USER), ("password", PASSWORD)]);
        puller.works("app:v1").holds(&image, Kept::ForDocker);
    }
}

#[test]
fn thirty_two_pulls_at_once() {
    let registry = Registry::builder().bearer().login(USER, PASSWORD).start();
    let images: Vec<Pushed> = (0..4).map(|n| push(&registry, &format!("v{n}"), 6)).collect();
    let puller = Puller::login(&registry);
    let running: Vec<_> = (0..32)
        .map(|n| {
            let file = puller.folder().join(format!("{n}.tar"));
            (n, puller.start_to(&format!("app:v{}", n % 4), &file), file)
        })
        .collect();
    for (n, pull, file) in running {
        let pulled = pull.end().unwrap_or_else(|why| panic!("pull {n}: {why}"));
        Archive::read(&file, pulled).holds(&images[n % 4], Kept::ForDocker);
    }
    assert_eq!(registry.count("GET", "/token"), 1);
    assert_eq!(puller.listing().len(), 32);
}

#[test]
fn a_registry_that_comes_back_meets_everybody_at_once() {
    // More transfers than the runtime has threads that may block, and all of them begin with a wait.
    let registry = Registry::start();
    let image = push(&registry, "v1", 24);
    let puller = Puller::with(&registry, &[("retry-attempts", "9"), ("retry-initial-delay", "20")]);
    for layer in &image.layers {
        registry.fault(&format!("GET /v2/app/blobs/{} times=64 status=503", layer.digest));
    }
    let running: Vec<_> =
        (0..64).map(|n| puller.start_to("app:v1", &puller.folder().join(format!("{n}.tar")))).collect();
    for (n, pull) in running.into_iter().enumerate() {
        pull.end().unwrap_or_else(|why| panic!("pull {n}: {why}"));
    }
    assert_eq!(puller.listing().len(), 64);
}

#[test]
fn pulls_into_one_file_leave_one_whole_archive() {
    let registry = Registry::start();
    let image = push(&registry, "v1", 5);
    let puller = Puller::at(&registry);
    let running: Vec<_> = (0..8).map(|_| puller.start("app:v1")).collect();
    let mut last = None;
    for pull in running {
        last = Some(pull.end().expect("the pull works"));
    }
    assert_eq!(puller.listing().len(), 1);
    Archive::read(&puller.file(), last.expect("a pull")).holds(&image, Kept::ForDocker);
}

#[test]
fn failures_among_many_stay_their_own() {
    let registry = Registry::start();
    let image = push(&registry, "good", 5);
    push(&registry, "bad", 5);
    let bad = registry.store().images()["app:bad"].layers[2].digest.clone();
    registry.fault(&format!("GET /v2/app/blobs/{bad} cut=5"));
    let puller = Puller::with(&registry, &[("max-connections", "2")]);
    let running: Vec<_> = (0..16)
        .map(|n| {
            let tag = if n % 2 == 0 { "good" } else { "bad" };
            puller.start_to(&format!("app:{tag}"), &puller.folder().join(format!("{n}.tar")))
        })
        .collect();
    for (n, pull) in running.into_iter().enumerate() {
        match pull.end() {
            Ok(pulled) if n % 2 == 0 => {
                Archive::read(&puller.folder().join(format!("{n}.tar")), pulled).holds(&image, Kept::ForDocker)
            }
            Err(_) if n % 2 == 1 => {}
            other => panic!("pull {n}: {other:?}"),
        }
    }
    assert_eq!(puller.listing().len(), 8, "those that worked, and nothing else");
}
