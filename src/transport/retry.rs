//! When to try again, and how long to wait before.
//!
//! Attempts are counted per request, whatever fails in it: the connection, its token, the answer, the body. Not per pull:
//! one outage cuts all of a pull's connections at once and would use up a common count in one blow. A transfer that has
//! made progress since its last cut starts counting anew, so it cannot loop and may be cut any number of times. What bounds
//! the whole pull is time ([`Policy`]'s total timeout).

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::retry::Policy;

/// How often one request has been tried.
#[derive(Debug)]
pub struct Attempts<'a> {
    policy: &'a Policy,
    made: u32,
}

impl<'a> Attempts<'a> {
    /// The first attempt is about to be made.
    pub fn new(policy: &'a Policy) -> Self {
        Self { policy, made: 1 }
    }

    /// Waits until the next attempt may begin, or gives `why` back, with the number of attempts, if there is none.
    pub async fn again(&mut self, why: Error) -> Result<()> {
        let policy = self.policy;
        if !why.is_transient() {
            return Err(why);
        }
        if self.made >= policy.attempts {
            return Err(why.with_attempts(self.made));
        }
        let wait = match why.retry_after() {
            // Sooner would only be refused again; much later is for the caller to decide.
            Some(asked) if asked > limits::RETRY_AFTER => return Err(why.with_attempts(self.made)),
            Some(asked) => asked.max(jittered(policy.wait(self.made))),
            None => jittered(policy.wait(self.made)),
        };
        self.made += 1;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Forgets the attempts so far: the request has brought enough since the last one failed. The next one may begin at
    /// once, as a server that has just sent something is neither down nor overrun.
    pub fn progressed(&mut self) {
        self.made = 0;
    }
}

/// Between a half and the whole of `wait`: a thousand clients that were cut together do not come back together.
fn jittered(wait: Duration) -> Duration {
    // The clock's lowest digits differ enough between threads and machines; nothing here needs a better source.
    let noise =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos() % 1024);
    wait.mul_f64(0.5 + f64::from(noise) / 2048.0)
}

/// The wait that a `Retry-After` header asks for: seconds, or a date (RFC 9110, section 10.2.3). Nonsense asks for nothing.
pub fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time, not nonsense.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}

/// The error of a transfer that is far too slow to be alive.
pub fn too_slow(received: u64, waited: Duration, minimum_rate: u64) -> Error {
    let message = format!("{received} bytes in {:.1} s, less than {minimum_rate} a second", waited.as_secs_f64());
    Error::new(ErrorKind::DeadlineExceeded, message).transient()
}
