//! The embedded registry itself, spoken to over a bare socket: what the other tests lean on must hold, and no HTTP
//! client may smooth it.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use support::fault::Fault;
use support::layer::Encoding;
use support::routes::{Asked, parse_range, split};
use support::words::{basic, glob, split as words, values};
use support::{
    Content, Edge, Image, Index, Layer, Lie, Registry, big, big_plain, catalogue, gzip, layout, members, sha256, zstd,
};

/// How a body ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// As the headers said.
    Whole,
    /// The connection was closed first.
    Closed,
    /// The connection was reset.
    Reset,
    /// Nothing came for a while.
    Silent,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
    end: End,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|l| l.split_once(": "));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks a base URL; `headers` are whole lines.
fn ask(base: &str, request: &str, headers: &[&str]) -> Answer {
    ask_with(base, request, headers, "")
}

fn ask_with(base: &str, request: &str, headers: &[&str], body: &str) -> Answer {
    // Long, because a busy machine is slow; only a registry that means to stall makes the test wait for it.
    ask_for(Duration::from_secs(30), base, request, headers, body)
}

fn ask_for(patience: Duration, base: &str, request: &str, headers: &[&str], body: &str) -> Answer {
    let host = base.strip_prefix("http://").expect("plain http");
    let mut socket = TcpStream::connect(host).expect("the registry listens");
    socket.set_read_timeout(Some(patience)).expect("a timeout");
    let lines: String = headers.iter().map(|h| format!("{h}\r\n")).collect();
    let length = body.len();
    write!(socket, "{request} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{lines}\r\n{body}")
        .expect("a request");

    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 18]);
    let mut why = End::Silent;
    let mut whole = None;
    while whole.is_none() {
        match socket.read(&mut buffer) {
            Ok(0) => {
                why = End::Closed;
                break;
            }
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => {
                why = End::Reset;
                break;
            }
            Err(_) => break,
        }
        // Endless bodies end here; a test that reads more than this is about something else.
        if bytes.len() > 3 << 19 {
            break;
        }
        whole = parse(&bytes, request.starts_with("HEAD")).filter(|(_, done)| *done);
    }
    let parsed = parse(&bytes, request.starts_with("HEAD"));
    let end = if whole.is_some() { End::Whole } else { why };
    let head_end = bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(bytes.len(), |n| n + 4);
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    Answer { status, head, body: parsed.map(|(body, _)| body).unwrap_or_default(), end }
}

/// The body so far and whether it is whole.
fn parse(bytes: &[u8], head_only: bool) -> Option<(Vec<u8>, bool)> {
    let at = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
    let mut rest = &bytes[at..];
    if head_only {
        return Some((Vec::new(), true));
    }
    if let Some(length) = head.lines().find_map(|l| l.strip_prefix("content-length: ")) {
        let length: usize = length.parse().expect("a number");
        return Some((rest.to_vec(), rest.len() >= length));
    }
    if !head.contains("transfer-encoding: chunked") {
        return Some((rest.to_vec(), false));
    }
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line])
            .ok()
            .and_then(|s| usize::from_str_radix(s, 16).ok())
            .expect("a chunk size");
        if size == 0 {
            return Some((body, true));
        }
        let Some(chunk) = rest.get(line + 2..line + 2 + size) else { break };
        body.extend_from_slice(chunk);
        rest = rest.get(line + 4 + size..).unwrap_or_default();
    }
    Some((body, false))
}

const ANY: &str = "Accept: */*";

#[test]
fn an_image_is_served_as_it_was_pushed() {
    let registry = Registry::start();
    let image = Image::new().layer(gzip(&[("etc/motd", b"hi"), ("etc/other", b"there")])).push(&registry, "a/b", "v1");
    let manifest = ask(registry.url(), "GET /v2/a/b/manifests/v1", &[ANY]);
    assert_eq!((manifest.status, manifest.header("docker-content-digest")), (200, Some(image.digest.as_str())));
    assert_eq!(sha256(&manifest.body), image.digest);
    assert_eq!(ask(registry.url(), &format!("GET /v2/a/b/manifests/{}", image.digest), &[ANY]).body, manifest.body);
    let head = ask(registry.url(), "HEAD /v2/a/b/manifests/v1", &[ANY]);
    assert_eq!(head.header("content-length"), Some(image.manifest.len().to_string().as_str()));
    let layer = ask(registry.url(), &format!("GET /v2/a/b/blobs/{}", image.layers[0].digest), &[]);
    assert_eq!(sha256(&layer.body), image.layers[0].digest);
    assert_eq!(registry.count("GET", "/v2/a/b/manifests/*"), 2);
    assert_eq!(registry.count("HEAD", "/v2/*"), 1);
    assert_eq!(registry.requests()[0].header("Accept"), Some("*/*"));
}

#[test]
fn absent_things_are_errors_of_the_spec() {
    let registry = Registry::start();
    Image::new().push(&registry, "app", "v1");
    for (path, accept, code) in [
        ("/v2/no/manifests/v1", ANY, "NAME_UNKNOWN"),
        ("/v2/app/manifests/v2", ANY, "MANIFEST_UNKNOWN"),
        ("/v2/app/manifests/v1", "Accept: application/json", "MANIFEST_UNKNOWN"),
        ("/v2/app/blobs/sha256:00", ANY, "BLOB_UNKNOWN"),
    ] {
        let answer = ask(registry.url(), &format!("GET {path}"), &[accept]);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains(&format!("\"code\":\"{code}\"")), "{path}: {}", answer.text());
    }
}

#[test]
fn ranges_are_exact() {
    let registry = Registry::start();
    let digest = registry.store().put_blob("app", "0123456789");
    let get = |range: &str| ask(registry.url(), &format!("GET /v2/app/blobs/{digest}"), &[&format!("Range: {range}")]);
    let part = get("bytes=2-4");
    assert_eq!((part.status, part.text().as_str()), (206, "234"));
    assert_eq!((part.header("content-range"), part.header("content-length")), (Some("bytes 2-4/10"), Some("3")));
    assert_eq!(get("bytes=-2").text(), "89");
    let beyond = get("bytes=10-");
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */10")));
    for (header, asked) in [
        ("bytes=0-0", Asked::Part(0, 1)),
        ("bytes=2-99", Asked::Part(2, 10)),
        ("bytes=-30", Asked::Part(0, 10)),
        ("bytes=-0", Asked::Beyond),
        ("bytes=5-4", Asked::All),
        ("bytes=0-1,3-4", Asked::All),
        ("lines=0-1", Asked::All),
    ] {
        assert_eq!(parse_range(header, 10), asked, "{header}");
    }
}

#[test]
fn big_layers_are_real_and_readable_anywhere() {
    let layer = big(3 << 20);
    let packed = layer.content.bytes();
    let mut raw = Vec::new();
    flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut raw).expect("valid gzip");
    assert_eq!((sha256(&packed), sha256(&raw), raw.len() as u64), (layer.digest, layer.diff_id, layer.raw_size));
    let mut archive = tar::Archive::new(&raw[..]);
    assert_eq!(
        archive.entries().expect("a tar").map(|e| e.expect("an entry").size()).collect::<Vec<_>>(),
        [3 * 16 * 65531]
    );
    assert_eq!(sha256(&big_plain(1_500_001).content.bytes()), big_plain(1_500_001).digest);

    let content = Content::generated(7, 2_500_000);
    let all = content.bytes();
    assert_ne!(all[..1 << 20], all[1 << 20..2 << 20], "each mebibyte differs");
    for offset in [0, 1, 7, 8, 4095, 4096, 1_048_575, 1_048_576, 1_048_580, 2_499_999] {
        let chunk = content.chunk(offset).expect("readable");
        let at = usize::try_from(offset).expect("small");
        assert_eq!(chunk, all[at..at + chunk.len()], "{offset}");
        assert!(!chunk.is_empty());
    }
    assert!(content.chunk(2_500_000).expect("readable").is_empty());
}

#[test]
fn the_catalogue_has_every_shape() {
    let registry = Registry::start();
    catalogue::fill(&registry, "app");
    for tag in registry.store().tags("app") {
        assert_eq!(ask(registry.url(), &format!("GET /v2/app/manifests/{tag}"), &[ANY]).status, 200, "{tag}");
    }
    let images = registry.store().images();
    assert_eq!(images["app:dup"].layer_digests()[0], images["app:dup"].layer_digests()[2]);
    assert_eq!(images["app:multi"].children[0].platform, "unknown/unknown");
    assert_eq!(images["app:multi"].child("linux/arm64/v8").layers.len(), 2);
    assert_eq!(images["app:big"].layers[0].size >> 20, 64);
    assert_eq!(
        images["app:members"].diff_ids(),
        Image::new().layer(members(MOTD)).layer(members(&book())).push(&registry, "x", "x").diff_ids()
    );
    assert_eq!(zstd(MOTD).diff_id, gzip(MOTD).diff_id);
}

const MOTD: &[(&str, &[u8])] = &[("etc/motd", b"welcome\n"), ("etc/hostname", b"test\n")];

fn book() -> [(&'static str, &'static [u8]); 1] {
    let text = "The quick brown fox jumps over the lazy dog.\n".repeat(20_000);
    [("usr/share/doc/book", text.leak().as_bytes())]
}

#[test]
fn images_come_from_disk_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let blobs = folder.path().join("blobs/sha256");
    std::fs::create_dir_all(&blobs).expect("a folder");
    let put = |digest: &str, bytes: &[u8]| std::fs::write(blobs.join(&digest[7..]), bytes).expect("a file");
    let source = Registry::start();
    for made in [gzip(MOTD), members(MOTD), zstd(MOTD)] {
        put(&made.digest, &made.content.bytes());
        let read = Layer::file(&blobs.join(&made.digest[7..]), made.encoding).expect("a layer");
        assert_eq!((read.digest, read.diff_id, read.raw_size), (made.digest, made.diff_id, made.raw_size));
    }
    assert!(Layer::file(folder.path(), Encoding::Plain).is_err(), "a folder is no layer");

    let image = Image::new().layer(gzip(MOTD)).push(&source, "app", "v1");
    put(&image.config_digest, &image.config);
    put(&image.digest, &image.manifest);
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [{
        "mediaType": image.media_type, "digest": image.digest, "size": image.manifest.len(),
        "annotations": {"org.opencontainers.image.ref.name": "v1"},
    }]});
    std::fs::write(folder.path().join("index.json"), index.to_string()).expect("a file");
    let registry = Registry::start();
    layout::load(&registry, folder.path(), "disk").expect("a layout");
    assert_eq!(ask(registry.url(), "GET /v2/disk/manifests/v1", &[ANY]).body, image.manifest);
    let path = format!("GET /v2/disk/blobs/{}", image.layers[0].digest);
    assert_eq!(ask(registry.url(), &path, &["Range: bytes=1-3"]).body, image.layers[0].content.bytes()[1..4]);
}

#[test]
fn lies_are_told_at_each_edge() {
    let registry = Registry::start();
    let layer = |text: &str| gzip(&[("f", text.as_bytes())]);
    let served = |path: String| ask(registry.url(), &format!("GET {path}"), &[ANY]);

    let image = Image::new().layer(layer("1")).wrong(Edge::Layer(0), Lie::Bytes).push(&registry, "a", "1");
    let blob = served(format!("/v2/a/blobs/{}", image.layers[0].digest));
    assert_eq!(blob.body.len() as u64, image.layers[0].size);
    assert_ne!(sha256(&blob.body), image.layers[0].digest);

    let image = Image::new().layer(layer("2")).wrong(Edge::Layer(0), Lie::Served(-3)).push(&registry, "a", "2");
    assert_eq!(served(format!("/v2/a/blobs/{}", image.layers[0].digest)).body.len() as u64, image.layers[0].size - 3);

    let image = Image::new().layer(layer("3")).wrong(Edge::Config, Lie::SizeIs(-1)).push(&registry, "a", "3");
    assert!(String::from_utf8_lossy(&image.manifest).contains("\"size\":-1"));

    let image = Image::new()
        .layer(layer("4"))
        .wrong(Edge::Layer(0), Lie::Digest("sha256:../x".into()))
        .push(&registry, "a", "4");
    assert!(String::from_utf8_lossy(&image.manifest).contains("\"sha256:../x\""));

    let image = Image::new().layer(layer("5")).wrong(Edge::Manifest, Lie::Bytes).push(&registry, "a", "5");
    let manifest = served(format!("/v2/a/manifests/{}", image.digest));
    assert!(manifest.status == 200 && sha256(&manifest.body) != image.digest);

    let child = Image::new().layer(layer("6"));
    let index = Index::new().image(child).wrong(Edge::Child(0), Lie::Missing).push(&registry, "a", "6");
    assert_eq!(served(format!("/v2/a/manifests/{}", index.children[0].digest)).status, 404);
    assert_eq!(served("/v2/a/manifests/6".into()).body, index.manifest);
}

#[test]
fn each_fault_bends_the_wire_as_it_says() {
    let registry = Registry::start();
    let digest = registry.store().put_blob("app", "0123456789");
    registry.store().put_blob_at("app", "sha256:other", "abcdefghij");
    let get = |fault: &str| {
        registry.reset();
        registry.fault(&format!("GET /v2/app/blobs/{digest} {fault}"));
        let patience = Duration::from_millis(if fault.starts_with("stall") { 300 } else { 30_000 });
        ask_for(patience, registry.url(), &format!("GET /v2/app/blobs/{digest}"), &["Range: bytes=1-8"], "")
    };
    for (fault, status, body, end) in [
        ("cut=3", 206, "123", End::Closed),
        ("cut=0", 206, "", End::Closed),
        ("stall=3", 206, "123", End::Silent),
        ("trickle=2/1", 206, "12345678", End::Whole),
        ("flip=0", 206, "\u{fffd}2345678", End::Whole),
        ("short=2", 206, "123456", End::Whole),
        ("long=2", 206, "12345678\0\0", End::Whole),
        ("extra=2", 206, "12345678\0\0", End::Whole),
        ("no-length", 206, "12345678", End::Whole),
        ("no-length cut=3", 206, "123", End::Closed),
        ("until-close", 206, "12345678", End::Closed),
        ("length=20", 206, "12345678", End::Closed),
        ("ignore-range", 200, "0123456789", End::Whole),
        ("shift=1", 206, "23456789", End::Whole),
        ("swap=/v2/app/blobs/sha256:other", 206, "abcdefghij", End::Whole),
        ("status=503 body=busy retry-after=3", 503, "busy", End::Whole),
        ("redirect=307:other:/x?y=1 body=", 307, "", End::Whole),
        ("headers=3", 206, "12345678", End::Whole),
        ("reset", 0, "", End::Reset),
        ("raw=junk", 0, "", End::Closed),
    ] {
        let answer = get(fault);
        assert_eq!((answer.status, answer.text().as_str(), &answer.end), (status, body, &end), "{fault}: {answer:?}");
    }
    assert_eq!(get("short=2").header("content-length"), Some("6"));
    assert_eq!(get("cut=3").header("content-length"), Some("8"));
    assert_eq!(get("length=20").header("content-length"), Some("20"));
    assert_eq!(get("status=429 retry-after=soon").header("retry-after"), Some("soon"));
    assert_eq!(
        get("content-type=text/html digest-header=none content-range=none").header("docker-content-digest"),
        None
    );
    let location = format!("{}/x?from=/v2/app/blobs/{digest}", registry.other_url());
    assert_eq!(get("redirect=302:other:/x?from={path}").header("location"), Some(location.as_str()));
    let twice = get("add-header=WWW-Authenticate:Basic add-header=\"WWW-Authenticate: Bearer\"");
    assert_eq!(twice.head.matches("WWW-Authenticate").count(), 2);
    assert!(get("endless").body.len() > 1 << 20);
    assert!(get("headers=endless").head.len() > 1 << 20);
    let mut plain = String::new();
    let packed = get("gzip-encoding");
    flate2::read::MultiGzDecoder::new(&packed.body[..]).read_to_string(&mut plain).expect("valid gzip");
    assert_eq!((plain.as_str(), packed.header("content-encoding")), ("12345678", Some("gzip")));
    let begin = Instant::now();
    get("delay=150");
    assert!(begin.elapsed() >= Duration::from_millis(150));
}

#[test]
fn fault_lines_are_a_script() {
    let registry = Registry::start();
    registry.store().put_blob_at("app", "sha256:1", "x");
    registry.fault(
        "# a sequence
         GET /v2/app/blobs/* once status=500
         GET /v2/app/blobs/* times=2 status=502
         GET /v2/app/blobs/* after=1 once status=503",
    );
    let statuses: Vec<_> = (0..6).map(|_| ask(registry.url(), "GET /v2/app/blobs/sha256:1", &[]).status).collect();
    assert_eq!(statuses, [500, 502, 502, 200, 503, 200]);
    assert_eq!(registry.requests()[1].fault.as_deref(), Some("GET /v2/app/blobs/* times=2 status=502"));

    registry.reset();
    registry.fault("GET other:/v2/* status=403\nGET /v2/*?sig=* status=418\nGET /v2/* range status=400");
    let one = |base: &str, tail: &str, headers: &[&str]| {
        ask(base, &format!("GET /v2/app/blobs/sha256:1{tail}"), headers).status
    };
    assert_eq!(one(registry.other_url(), "", &[]), 403);
    assert_eq!(one(registry.url(), "", &[]), 200);
    assert_eq!(one(registry.url(), "?sig=1", &[]), 418);
    assert_eq!(one(registry.url(), "", &["Range: bytes=0-0"]), 400);
    assert_eq!((registry.count("GET", "/v2/*"), registry.count("GET", "other:/v2/*")), (3, 1));

    registry.reset();
    registry.on("GET /v2/app/blobs/* once", |reply, scene| reply.body(scene.request.path.as_str()));
    assert_eq!(ask(registry.url(), "GET /v2/app/blobs/sha256:1", &[]).text(), "/v2/app/blobs/sha256:1");
}

#[test]
fn bad_fault_lines_say_why() {
    for line in [
        "GET /v2/app/blobs/* once cut=1000",
        "* other:/signed/* times=2 status=503 retry-after=3 body=\"come back\" header=\"X-Why: busy\"",
        "GET /v2/* range content-range=none flip=0 trickle=1/1000",
        "HEAD /token?* denied digest-header=none no-length endless headers=endless",
    ] {
        assert!(Fault::parse(line).is_ok(), "{line}: {:?}", Fault::parse(line).err());
    }
    for (line, why) in [
        ("GET", "come first"),
        ("get /v2/ reset", "METHOD PATH-GLOB"),
        ("GET v2/ reset", "METHOD PATH-GLOB"),
        ("GET /v2/ once", "no action"),
        ("GET /v2/ explode", "unknown word \"explode\""),
        ("GET /v2/ cut=x", "cut needs a number"),
        ("GET /v2/ status=99", "no status code"),
        ("GET /v2/ redirect=307", "STATUS:URL"),
        ("GET /v2/ trickle=0/5", "BYTES/MS"),
        ("GET /v2/ header=K", "NAME:VALUE"),
        ("GET /v2/ reset=1", "takes no value"),
        ("GET /v2/ body=\"open", "unclosed quote"),
    ] {
        let error = Fault::parse(line).err().unwrap_or_else(|| panic!("{line} was taken"));
        assert!(error.contains(why), "{line}: {error}");
    }
}

#[test]
fn every_fault_is_in_the_table() {
    let source = include_str!("support/fault.rs");
    let names = source
        .lines()
        .filter_map(|l| l.strip_prefix("        \"")?.split_once("\" "))
        .filter(|(_, r)| r.starts_with(['=', 'i']));
    let mut count = 0;
    for (name, _) in names {
        count += 1;
        let listed = source.lines().any(|l| l.starts_with("//! | `") && l.contains(&format!("`{name}")));
        assert!(listed, "{name} is missing in the table");
    }
    assert!(count > 25, "found {count}: the match has changed its shape");
}

#[test]
fn logins() {
    let basic_only = Registry::builder().basic("u", "p").start();
    Image::new().push(&basic_only, "app", "v1");
    let refused = ask(basic_only.url(), "GET /v2/app/manifests/v1", &[ANY]);
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Basic realm=\"Test Registry\"")));
    let with = |login: &str| {
        ask(basic_only.url(), "GET /v2/app/manifests/v1", &[ANY, &format!("Authorization: {login}")]).status
    };
    assert_eq!((with(&basic("u", "p")), with(&basic("u", "q"))), (200, 401));

    let registry = Registry::builder().bearer().login("u", "p").realm_on_other_origin().start();
    Image::new().push(&registry, "app", "v1");
    Image::new().push(&registry, "sec", "v1");
    let refused = ask(registry.url(), "GET /v2/app/manifests/v1", &[ANY]);
    let realm = format!(
        "Bearer realm=\"{}/token\",service=\"test.registry:443\",scope=\"repository:app:pull\"",
        registry.other_url()
    );
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some(realm.as_str())));
    let login = format!("Authorization: {}", basic("u", "p"));
    let path = "GET /token?service=test.registry%3A443&scope=repository%3Aapp%3Apull";
    assert_eq!(ask(registry.other_url(), path, &[]).status, 401, "no anonymous tokens");
    let granted = ask(registry.other_url(), path, &[&login]).text();
    let token = granted.split("\"token\":\"").nth(1).and_then(|t| t.split('"').next()).expect("a token");
    let bearer = format!("Authorization: Bearer {token}");
    let get = |repo: &str| ask(registry.url(), &format!("GET /v2/{repo}/manifests/v1"), &[ANY, &bearer]);
    assert_eq!(get("app").status, 200);
    assert!(get("sec").header("www-authenticate").is_some_and(|c| c.contains("insufficient_scope")));
    registry.expire_tokens();
    assert!(get("app").header("www-authenticate").is_some_and(|c| c.contains("invalid_token")));
    let form = "grant_type=password&username=u&password=p&service=s&scope=repository:app:pull";
    assert_eq!(ask_with(registry.other_url(), "POST /token", &[], form).status, 200);

    let open = Registry::builder()
        .bearer()
        .challenge("Basic realm=\"a,b\", Bearer realm=\"{realm}\"")
        .challenge("Negotiate")
        .start();
    let refused = ask(open.url(), "GET /v2/", &[]);
    assert_eq!(refused.head.matches("WWW-Authenticate").count(), 2);
    assert!(refused.head.contains(&format!("Bearer realm=\"{}/token\"", open.url())));
    // Refused requests use no fault up.
    open.fault("GET /v2/ once status=500\nGET /v2/ denied once endless");
    assert_eq!(ask(open.url(), "GET /v2/", &[]).status, 401);
    let granted = ask(open.url(), "GET /token", &[]).text();
    let token = granted.split("\"token\":\"").nth(1).and_then(|t| t.split('"').next()).expect("a token");
    assert_eq!(ask(open.url(), "GET /v2/", &[&format!("Authorization: Bearer {token}")]).status, 500);
}

#[test]
fn control_plane() {
    let registry = Registry::builder().basic("u", "p").start();
    let image = Image::new().layer(gzip(MOTD)).push(&registry, "app", "v1");
    let control = |request: &str, body: &str| ask_with(registry.url(), request, &[], body);
    assert_eq!(control("POST /_control/faults", "GET /v2/ denied status=500\n").status, 200);
    let refused = control("POST /_control/faults", "GET /v2/ reset\nGET /v2/ explode");
    assert!(refused.status == 400 && refused.text().contains("explode"), "{refused:?}");
    assert_eq!(ask(registry.url(), "GET /v2/?q=1", &["X-Test: yes"]).status, 500);
    let log = control("GET /_control/requests", "").text();
    let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
    assert_eq!(
        (&log[0]["path"], &log[0]["query"], &log[0]["headers"]["x-test"]),
        (&"/v2/".into(), &"q=1".into(), &"yes".into())
    );
    assert_eq!(
        (&log[0]["status"], &log[0]["origin"], &log[1]),
        (&500.into(), &"main".into(), &serde_json::Value::Null)
    );
    let images: serde_json::Value = serde_json::from_str(&control("GET /_control/images", "").text()).expect("JSON");
    assert_eq!(images["app:v1"]["layers"][0]["diffId"], image.layers[0].diff_id.as_str());
    assert_eq!(control("GET /_control/other", "").text(), registry.other_url());
    assert_eq!(control("POST /_control/reset", "").status, 200);
    assert!(registry.requests().is_empty());
    assert_eq!(ask(registry.url(), "GET /v2/", &[]).status, 401);
}

#[test]
fn a_tls_hello_is_turned_away_at_once() {
    let registry = Registry::start();
    let mut socket = TcpStream::connect(registry.host()).expect("the registry listens");
    socket.write_all(&[0x16, 3, 1, 0, 5]).expect("a hello");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer and an end");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn small_text_tools() {
    for (pattern, text, matches) in [
        ("/v2/", "/v2/", true),
        ("/v2/", "/v2/app", false),
        ("/v2/*/blobs/*", "/v2/a/b/blobs/sha256:1", true),
        ("/v2/*/blobs/*", "/v2/a/b/manifests/1", false),
        ("*", "", true),
        ("*a*a", "a", false),
        ("/a*b", "/ab", true),
    ] {
        assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
    }
    let line = words("GET  /v2/ body=\"two words\\n\" header=K:\"a b\" x=\"\"").expect("a good line");
    assert_eq!(line, ["GET", "/v2/", "body=two words\n", "header=K:a b", "x="]);
    assert_eq!(values("scope=a%3Ab&service=x+y&scope=c%2", "scope"), ["a:b", "c%2"]);
    assert_eq!(split("/v2/a/b/blobs/sha256:1"), Some(("a/b", "blobs", "sha256:1")));
    assert_eq!(split("/v2/a/manifests/x/manifests/v1"), Some(("a/manifests/x", "manifests", "v1")));
    assert_eq!(split("/v2//blobs/x"), None);
}
