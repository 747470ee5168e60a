//! How often and how fast to try again, and how long all of it may take.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::limits;

/// The rules for retries of one client.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Attempts for one request, the first included.
    pub attempts: u32,
    /// Whether all waits are of the same length.
    fixed: bool,
    fixed_delay: Duration,
    initial_delay: Duration,
    multiplier: f64,
    max_delay: Duration,
    /// The longest wait for the head of an answer.
    pub attempt_timeout: Option<Duration>,
    /// The longest time for a pull with all its attempts.
    pub total_timeout: Option<Duration>,
    /// The longest silence of a server that owes bytes.
    pub idle_timeout: Duration,
    /// Bytes a second below which a transfer only trickles; 0 takes any.
    pub minimum_rate: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 5,
            fixed: false,
            fixed_delay: Duration::from_secs(1),
            // With five attempts they ride out a registry's restart of some seconds.
            initial_delay: Duration::from_millis(250),
            multiplier: 2.0,
            max_delay: Duration::from_secs(20),
            attempt_timeout: None,
            total_timeout: None,
            idle_timeout: limits::IDLE,
            minimum_rate: limits::MINIMUM_RATE,
        }
    }
}

impl Policy {
    /// Sets one key, or says that it is none of these:
    ///
    /// | key | value |
    /// |---|---|
    /// | `retry-mode` | `exponential` (default) or `fixed` |
    /// | `retry-attempts` | attempts for one request, the first included, 1 to 100; default 5 |
    /// | `retry-initial-delay`, `retry-max-delay` | milliseconds, of mode `exponential`; default 250 and 20000 |
    /// | `retry-multiplier` | of mode `exponential`, 1 to 100; default 2 |
    /// | `retry-fixed-delay` | milliseconds, of mode `fixed`; default 1000 |
    /// | `attempt-timeout` | milliseconds until the head of an answer must be there |
    /// | `total-timeout` | milliseconds for a whole pull with all its attempts |
    /// | `idle-timeout` | milliseconds without a byte until a transfer is dead; default 60000 |
    /// | `minimum-rate` | bytes a second, measured over `idle-timeout`, below which it is dead too; default 1024, 0 never |
    ///
    /// # Errors
    /// InvalidArgument for a value that breaks the key's rule.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool> {
        match (key, value) {
            ("retry-mode", "exponential") => self.fixed = false,
            ("retry-mode", "fixed") => self.fixed = true,
            ("retry-mode", _) => {
                return Err(Error::invalid(format!("retry-mode is {value:?}; it can be exponential or fixed")));
            }
            ("retry-attempts", _) => self.attempts = number(key, value, 1, 100)?,
            ("retry-initial-delay", _) => self.initial_delay = milliseconds(key, value, 0)?,
            ("retry-max-delay", _) => self.max_delay = milliseconds(key, value, 0)?,
            ("retry-fixed-delay", _) => self.fixed_delay = milliseconds(key, value, 0)?,
            ("retry-multiplier", _) => self.multiplier = number(key, value, 1.0, 100.0)?,
            ("attempt-timeout", _) => self.attempt_timeout = Some(milliseconds(key, value, 1)?),
            ("total-timeout", _) => self.total_timeout = Some(milliseconds(key, value, 1)?),
            ("idle-timeout", _) => self.idle_timeout = milliseconds(key, value, 1)?,
            ("minimum-rate", _) => self.minimum_rate = number(key, value, 0, 1 << 30)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The wait after the attempt with number `made`, counted from 1; none after one that was a success for a while (0).
    pub fn wait(&self, made: u32) -> Duration {
        let Some(exponent) = made.checked_sub(1) else { return Duration::ZERO };
        if self.fixed {
            return self.fixed_delay;
        }
        let exponent = i32::try_from(exponent).unwrap_or(i32::MAX);
        // Through f64 and its infinity, which `min` takes care of.
        let wait = self.initial_delay.as_secs_f64() * self.multiplier.powi(exponent);
        Duration::from_secs_f64(wait.min(self.max_delay.as_secs_f64()))
    }
}

/// The number that `value` is, between `least` and `most`.
pub(crate) fn number<T: FromStr + PartialOrd + Display>(key: &str, value: &str, least: T, most: T) -> Result<T> {
    match value.parse() {
        Ok(n) if least <= n && n <= most => Ok(n),
        _ => Err(Error::invalid(format!("{key} is {value:?}; it can be {least} to {most}"))),
    }
}

/// Up to a day: longer is a mistake of units.
fn milliseconds(key: &str, value: &str, least: u64) -> Result<Duration> {
    number(key, value, least, 86_400_000).map(Duration::from_millis)
}
