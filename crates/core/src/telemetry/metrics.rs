//! Counters and gauges in the Prometheus format. Every label has a bounded set of values: route patterns, never paths;
//! no ids, no names of people.

use std::time::Duration;

use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// Upper bounds of the latency histogram, in seconds.
pub(super) const LATENCIES: [f64; 14] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0];
/// The same of the time in the queue of moderation: from a minute to a month.
const QUEUE_TIMES: [f64; 10] =
    [60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0, 2_592_000.0];

/// The metrics of one application.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    pub(super) requests: IntCounterVec,
    pub(super) latency: HistogramVec,
    in_flight: IntGauge,
    panics: IntCounter,
    pool: IntGaugeVec,
    hashing: IntGaugeVec,
    refused: IntCounterVec,
    jobs: IntCounterVec,
    events: IntCounterVec,
    outbox: IntGaugeVec,
    security: IntCounterVec,
    up: IntGaugeVec,
    cache_reads: IntCounterVec,
    cache_calls: IntCounterVec,
    cache_entries: IntGaugeVec,
    cache_bytes: IntGauge,
    moderation: HistogramVec,
}

/// Two counters: how often something went one way, and how often the other.
#[derive(Clone)]
pub struct Tally {
    yes: IntCounter,
    no: IntCounter,
}

impl Tally {
    /// Counts one more.
    pub fn count(&self, yes: bool) {
        if yes { self.yes.inc() } else { self.no.inc() }
    }
}

impl Metrics {
    /// Fresh metrics with a registry of their own.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("poligon".into()), None)?;
        let counters = |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, prometheus::Error> {
            let made = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok(made)
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| -> Result<IntGaugeVec, prometheus::Error> {
            let made = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(made.clone()))?;
            Ok(made)
        };
        let latency = HistogramVec::new(
            HistogramOpts::new("http_request_duration_seconds", "Time to the end of the handler")
                .buckets(LATENCIES.to_vec()),
            &["method", "route"],
        )?;
        registry.register(Box::new(latency.clone()))?;
        let moderation = HistogramVec::new(
            HistogramOpts::new("moderation_queue_seconds", "Time from the opening of a case to the decision")
                .buckets(QUEUE_TIMES.to_vec()),
            &["kind", "decision"],
        )?;
        registry.register(Box::new(moderation.clone()))?;
        let in_flight = IntGauge::new("http_requests_in_flight", "Requests being served")?;
        registry.register(Box::new(in_flight.clone()))?;
        let panics = IntCounter::new("http_panics_total", "Handlers that panicked")?;
        registry.register(Box::new(panics.clone()))?;
        let cache_bytes = IntGauge::new("cache_answer_bytes", "Bytes that the ready answers in this process take")?;
        registry.register(Box::new(cache_bytes.clone()))?;
        Ok(Self {
            requests: counters("http_requests_total", "Answered requests", &["method", "route", "status"])?,
            latency,
            in_flight,
            panics,
            pool: gauges("database_pool", "Connections by pool and state", &["pool", "state"])?,
            hashing: gauges("password_hashing", "Password hashes by state", &["state"])?,
            refused: counters("refused_total", "Requests refused to protect the service", &["reason"])?,
            jobs: counters("jobs_total", "Runs of jobs", &["job", "outcome"])?,
            events: counters("event_deliveries_total", "Deliveries of events", &["subscriber", "outcome"])?,
            outbox: gauges("outbox", "Events that wait: how many, and the age of the oldest in ms", &["measure"])?,
            security: counters("security_events_total", "Entries of the security log", &["action", "outcome"])?,
            up: gauges("dependency_up", "1 when the last check of a dependency succeeded", &["dependency"])?,
            cache_reads: counters("cache_reads_total", "Lookups in this process's memory", &["cache", "outcome"])?,
            cache_calls: counters(
                "cache_calls_total",
                "Calls of the shared cache (Redis, or in process)",
                &["outcome"],
            )?,
            cache_entries: gauges("cache_entries", "Entries in this process's memory", &["cache"])?,
            cache_bytes,
            moderation,
            registry,
        })
    }

    /// Counts lookups in a memory of this process: found, or not.
    pub fn cache_reads(&self, cache: &'static str) -> Tally {
        let of = |outcome| self.cache_reads.with_label_values(&[cache, outcome]);
        Tally { yes: of("hit"), no: of("miss") }
    }

    /// Counts calls of the shared cache: answered, or not.
    pub fn cache_calls(&self) -> Tally {
        let of = |outcome| self.cache_calls.with_label_values(&[outcome]);
        Tally { yes: of("success"), no: of("failure") }
    }

    /// Shows how many entries a memory of this process has.
    pub fn cache_entries(&self, cache: &'static str, entries: u64) {
        self.cache_entries.with_label_values(&[cache]).set(i64::try_from(entries).unwrap_or(i64::MAX));
    }

    /// Shows how much the ready answers take.
    pub fn cache_answer_bytes(&self, bytes: u64) {
        self.cache_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Counts an answered request. `route` is the pattern, or `other`.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.requests.with_label_values(&[method, route, status_text(status)]).inc();
        self.latency.with_label_values(&[method, route]).observe(took.as_secs_f64());
    }

    /// Requests being served.
    pub fn in_flight(&self) -> &IntGauge {
        &self.in_flight
    }

    /// Counts a handler that panicked.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Shows how busy a pool is.
    pub fn pool(&self, pool: &str, load: crate::db::Load) {
        for (state, value) in [("size", load.size), ("in_use", load.in_use), ("waiting", load.waiting)] {
            self.pool.with_label_values(&[pool, state]).set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }

    /// Shows how many password hashes wait and run.
    pub fn hashing(&self, waiting: usize, running: usize) {
        for (state, value) in [("waiting", waiting), ("running", running)] {
            self.hashing.with_label_values(&[state]).set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }

    /// Counts a request that was refused to protect the service: a fixed reason.
    pub fn refused(&self, reason: &'static str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    /// Counts a run of a job.
    pub fn job(&self, job: &'static str, succeeded: bool) {
        self.jobs.with_label_values(&[job, outcome(succeeded)]).inc();
    }

    /// Counts a delivery of an event.
    pub fn event(&self, subscriber: &'static str, succeeded: bool) {
        self.events.with_label_values(&[subscriber, outcome(succeeded)]).inc();
    }

    /// Shows how far behind the dispatcher is.
    #[allow(clippy::cast_possible_truncation)] // milliseconds of a wait
    pub fn outbox(&self, waiting: i64, oldest_seconds: f64) {
        self.outbox.with_label_values(&["waiting"]).set(waiting);
        self.outbox.with_label_values(&["oldest_ms"]).set((oldest_seconds * 1000.0) as i64);
    }

    /// Counts a case of moderation that was closed: what it was about and what was decided, both of fixed lists, and how long it
    /// had waited.
    pub fn moderated(&self, kind: &'static str, decision: &'static str, waited: Duration) {
        self.moderation.with_label_values(&[kind, decision]).observe(waited.as_secs_f64());
    }

    /// Counts an entry of the security log.
    pub fn security(&self, action: &'static str, outcome: &'static str) {
        self.security.with_label_values(&[action, outcome]).inc();
    }

    /// Shows whether a dependency answered.
    pub fn dependency(&self, name: &'static str, up: bool) {
        self.up.with_label_values(&[name]).set(i64::from(up));
    }

    /// Everything in the text format of Prometheus, version 0.0.4.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        Ok(out)
    }
}

fn outcome(succeeded: bool) -> &'static str {
    if succeeded { "success" } else { "failure" }
}

/// The status as text, without an allocation for the usual ones.
fn status_text(status: u16) -> &'static str {
    const KNOWN: [(u16, &str); 19] = [
        (200, "200"),
        (201, "201"),
        (202, "202"),
        (204, "204"),
        (304, "304"),
        (400, "400"),
        (401, "401"),
        (403, "403"),
        (404, "404"),
        (405, "405"),
        (409, "409"),
        (412, "412"),
        (413, "413"),
        (415, "415"),
        (422, "422"),
        (428, "428"),
        (429, "429"),
        (500, "500"),
        (503, "503"),
    ];
    match KNOWN.iter().find(|(known, _)| *known == status) {
        Some((_, text)) => text,
        None if status < 300 => "2xx",
        None if status < 400 => "3xx",
        None if status < 500 => "4xx",
        None => "5xx",
    }
}
