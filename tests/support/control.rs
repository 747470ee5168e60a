//! The knobs for test processes in other languages, on the registry's own port, out of reach of logins and faults.
//!
//! | Request | Does |
//! |---|---|
//! | `POST /_control/faults` | adds the body's fault lines; 400 and the reason if one is wrong: then none is added |
//! | `GET /_control/requests` | the request log as a JSON array |
//! | `GET /_control/images` | images by `repository:tag`: digest, configDigest, layers (digest, size, diffId) |
//! | `GET /_control/other` | base URL of the second origin |
//! | `GET /_control/stats` | connections accepted, most requests answered at one time |
//! | `POST /_control/expire-tokens` | ends the life of every token given out |
//! | `POST /_control/reset` | forgets faults and log |

use super::http1::Request;
use super::registry::Shared;
use super::reply::Reply;
use serde_json::{Value, json};

pub(super) fn respond(shared: &Shared, request: &Request) -> Reply {
    let done = || Reply::new(200, "text/plain", "ok\n");
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/_control/faults") => match shared.faults.add(&String::from_utf8_lossy(&request.body)) {
            Ok(()) => done(),
            Err(reason) => Reply::new(400, "text/plain; charset=utf-8", format!("{reason}\n").into_bytes()),
        },
        ("GET", "/_control/requests") => Reply::json(200, &shared.log.to_json()),
        ("GET", "/_control/images") => {
            let images: Value =
                shared.store.images().iter().map(|(name, image)| (name.clone(), image.to_json())).collect();
            Reply::json(200, &images)
        }
        ("GET", "/_control/other") => Reply::new(200, "text/plain", shared.other.as_str()),
        ("GET", "/_control/stats") => {
            Reply::json(200, &json!({"connections": shared.log.connections(), "peak": shared.log.peak()}))
        }
        ("POST", "/_control/expire-tokens") => {
            shared.auth.expire();
            done()
        }
        ("POST", "/_control/reset") => {
            shared.faults.clear();
            shared.log.clear();
            done()
        }
        (method, path) => Reply::new(404, "text/plain", format!("no such control: {method} {path}\n").into_bytes()),
    }
}
