//! The generic cell rate algorithm (ITU-T I.371, annex A): one number for each caller, the theoretical arrival time.

use crate::config::Quota;

/// How often a caller may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Microseconds between requests in the long run.
    pub interval: i64,
    /// Requests that may come at once.
    pub burst: u32,
}

impl From<Quota> for Rate {
    fn from(quota: Quota) -> Self {
        Self { interval: (60_000_000 / i64::from(quota.per_minute)).max(1), burst: quota.burst }
    }
}

/// The answer to a request for admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// Whether the request may go on.
    pub admitted: bool,
    /// Requests that may come at once at the longest.
    pub limit: u32,
    /// Requests that may still come now.
    pub remaining: u32,
    /// Microseconds until the whole burst is there again.
    pub reset: i64,
    /// Microseconds until one request is admitted again; 0 when admitted.
    pub retry_after: i64,
}

impl Rate {
    /// Microseconds that the whole burst takes to come back.
    pub fn window(self) -> i64 {
        self.interval * i64::from(self.burst)
    }

    /// Decides at `now` (microseconds) for a caller whose stored arrival time is `tat`, and gives the one to store.
    pub fn decide(self, tat: Option<i64>, now: i64) -> (Admission, i64) {
        let tat = tat.unwrap_or(now).max(now);
        let next = tat + self.interval;
        let early = next - now - self.window();
        if early > 0 {
            return (self.admission(false, tat - now, early), tat);
        }
        (self.admission(true, next - now, 0), next)
    }

    /// The answer when `used` microseconds of the window are used.
    pub(super) fn admission(self, admitted: bool, used: i64, retry_after: i64) -> Admission {
        let left = ((self.window() - used) / self.interval).max(0);
        Admission {
            admitted,
            limit: self.burst,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset: used,
            retry_after,
        }
    }
}
