// User-space TCP shaping proxy (std only): `rustc -O -C opt-level=3 shaper.rs -o shaper`.
//
//   shaper --listen 127.0.0.1:5001 --to 127.0.0.1:5000 --rtt-ms 20 --conn-mbps 40 [--total-mbps 0] [--slow-start 1]
//          [--handshake-rtts 1]
//
// Emulates an object store far away that throttles each connection:
//   * every byte in each direction is delivered rtt/2 after it was read (delay line, no re-ordering);
//   * the first request of a connection waits `handshake-rtts` more RTTs (1 = TCP, 2 = TCP + TLS 1.3), since the
//     kernel's own loopback handshake costs nothing;
//   * server -> client bytes are paced at `conn-mbps` (10^6 bytes a second) for one connection, and at `total-mbps`
//     over all of them (0 = no cap);
//   * with --slow-start 1 a connection begins with a window of ten segments of 1460 bytes a round trip and grows by
//     the bytes it delivers until it reaches conn-mbps (no loss, no restart after idle).
// Back-pressure: at most rate * rtt + 1 MiB lies in a connection's delay line, so a slow reader slows the sender.
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
struct Conf {
    half: Duration,
    rtt: f64,
    conn: f64,
    slow: bool,
    shake: u32,
}

struct Line {
    q: VecDeque<(Instant, Vec<u8>)>,
    held: usize,
    eof: bool,
    dead: bool,
}
struct Pipe {
    m: Mutex<Line>,
    more: Condvar,
    room: Condvar,
}

fn relay(mut from: TcpStream, mut to: TcpStream, cf: Conf, down: bool, total: Arc<Mutex<(Instant, f64)>>) {
    let cap = if down && cf.conn > 0.0 { (cf.conn * cf.rtt) as usize + (1 << 20) } else { 4 << 20 };
    let p = Arc::new(Pipe {
        m: Mutex::new(Line { q: VecDeque::new(), held: 0, eof: false, dead: false }),
        more: Condvar::new(),
        room: Condvar::new(),
    });
    let w = p.clone();
    let writer = thread::spawn(move || {
        loop {
            let (at, buf) = {
                let mut l = w.m.lock().unwrap();
                loop {
                    if let Some(x) = l.q.pop_front() {
                        break x;
                    }
                    if l.eof {
                        drop(l);
                        let _ = to.shutdown(Shutdown::Write);
                        return;
                    }
                    l = w.more.wait(l).unwrap();
                }
            };
            let now = Instant::now();
            if at > now {
                thread::sleep(at - now);
            }
            let ok = to.write_all(&buf).is_ok();
            let mut l = w.m.lock().unwrap();
            l.held -= buf.len();
            if !ok {
                l.dead = true;
            }
            w.room.notify_one();
            if !ok {
                return;
            }
        }
    });
    let mut first = true;
    let mut free = Instant::now();
    let mut cwnd = 14600.0f64;
    let chunk = if down && cf.conn > 0.0 { 32 << 10 } else { 128 << 10 };
    let mut buf = vec![0u8; chunk];
    loop {
        let n = match from.read(&mut buf) {
            Ok(0) | Err(_) => break,
            Ok(n) => n,
        };
        let now = Instant::now();
        let mut depart = now;
        if !down && first {
            depart = now + Duration::from_secs_f64(cf.rtt * cf.shake as f64);
        }
        first = false;
        if down && cf.conn > 0.0 {
            let mut rate = cf.conn;
            if cf.slow && cf.rtt > 0.0 {
                rate = rate.min(cwnd / cf.rtt);
                cwnd += n as f64;
            }
            if free > depart {
                depart = free;
            }
            free = depart + Duration::from_secs_f64(n as f64 / rate);
            depart = free;
        }
        if down {
            let mut t = total.lock().unwrap();
            if t.1 > 0.0 {
                if t.0 < now {
                    t.0 = now;
                }
                let cost = Duration::from_secs_f64(n as f64 / t.1);
                t.0 += cost;
                if t.0 > depart {
                    depart = t.0;
                }
            }
        }
        let mut l = p.m.lock().unwrap();
        while l.held + n > cap && !l.dead {
            l = p.room.wait(l).unwrap();
        }
        if l.dead {
            break;
        }
        l.held += n;
        l.q.push_back((depart + cf.half, buf[..n].to_vec()));
        p.more.notify_one();
    }
    {
        let mut l = p.m.lock().unwrap();
        l.eof = true;
        p.more.notify_one();
    }
    let _ = writer.join();
    let _ = from.shutdown(Shutdown::Read);
}

fn main() {
    let a: Vec<String> = std::env::args().collect();
    let get = |k: &str, d: &str| a.iter().position(|x| x == k).and_then(|i| a.get(i + 1)).cloned().unwrap_or(d.into());
    let num = |k: &str, d: &str| get(k, d).parse::<f64>().expect(k);
    let rtt = num("--rtt-ms", "20") / 1e3;
    let cf = Conf {
        half: Duration::from_secs_f64(rtt / 2.0),
        rtt,
        conn: num("--conn-mbps", "40") * 1e6,
        slow: num("--slow-start", "1") > 0.0,
        shake: num("--handshake-rtts", "1") as u32,
    };
    let total = Arc::new(Mutex::new((Instant::now(), num("--total-mbps", "0") * 1e6)));
    let to = get("--to", "127.0.0.1:5000");
    let l = TcpListener::bind(get("--listen", "127.0.0.1:5001")).expect("listen");
    println!("listening on {}", l.local_addr().expect("an address"));
    for c in l.incoming() {
        let Ok(c) = c else { continue };
        let Ok(s) = TcpStream::connect(&to) else { continue };
        let (_, _) = (c.set_nodelay(true), s.set_nodelay(true));
        let (c2, s2, t1, t2) = (c.try_clone().unwrap(), s.try_clone().unwrap(), total.clone(), total.clone());
        thread::spawn(move || relay(c, s, cf, false, t1));
        thread::spawn(move || relay(s2, c2, cf, true, t2));
    }
}
