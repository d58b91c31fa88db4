//! What requests come to, for whoever keeps it: of the same counters and the same histogram that Prometheus is shown.

use std::collections::BTreeMap;

use prometheus::core::Collector as _;
use prometheus::proto::{Metric, MetricFamily};

use super::Metrics;
use super::metrics::LATENCIES;

/// How many requests there were since the start, by something and a route: its method and its pattern.
pub type ByRoute<T> = BTreeMap<(String, T), u64>;

/// The bounds of the buckets of [`Metrics::took`], in milliseconds, in order.
pub fn latency_bounds() -> impl Iterator<Item = i64> {
    LATENCIES.into_iter().map(milliseconds)
}

impl Metrics {
    /// How many requests were answered, by the class of the status, such as `2xx`.
    pub fn answered(&self) -> ByRoute<String> {
        let mut all = ByRoute::new();
        each(&self.requests.collect(), |metric| {
            let class = label(metric, "status").chars().take(1).chain("xx".chars()).collect();
            // A counter of requests is whole and far below 2^53.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let requests = metric.get_counter().get_value() as u64;
            *all.entry((route(metric), class)).or_insert(0) += requests;
        });
        all
    }

    /// How many requests took how long, by the bound of the bucket that each fell into, in milliseconds; 0 where it has none.
    pub fn took(&self) -> ByRoute<i64> {
        let mut all = ByRoute::new();
        each(&self.latency.collect(), |metric| {
            let (histogram, mut below) = (metric.get_histogram(), 0);
            let bounded = histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
            let bounded = bounded.map(|bucket| (milliseconds(bucket.upper_bound()), bucket.cumulative_count()));
            for (bound, up_to) in bounded.chain([(0, histogram.get_sample_count())]) {
                *all.entry((route(metric), bound)).or_insert(0) += up_to.saturating_sub(below);
                below = up_to.max(below);
            }
        });
        all
    }
}

// Bounds are some seconds.
#[allow(clippy::cast_possible_truncation)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1_000.0).round() as i64
}

fn each(families: &[MetricFamily], mut of: impl FnMut(&Metric)) {
    families.iter().flat_map(MetricFamily::get_metric).for_each(&mut of);
}

fn label<'a>(metric: &'a Metric, name: &str) -> &'a str {
    metric.get_label().iter().find(|label| label.name() == name).map_or("", |label| label.value())
}

fn route(metric: &Metric) -> String {
    format!("{} {}", label(metric, "method"), label(metric, "route"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Metrics;

    #[test]
    fn requests_are_counted_by_class_and_bucket() {
        let metrics = Metrics::new().unwrap();
        for (status, ms) in [(200, 0), (201, 3), (204, 4), (404, 40), (503, 20_000), (503, 9_999)] {
            metrics.request("GET", "/a/{id}", status, Duration::from_millis(ms));
        }
        metrics.request("POST", "/a/{id}", 200, Duration::from_millis(1));
        let get = |class: &str| (("GET /a/{id}".to_owned(), class.to_owned()), 0);
        let mut expected: std::collections::BTreeMap<_, _> = [get("2xx"), get("4xx"), get("5xx")].into();
        expected.values_mut().zip([3, 1, 2]).for_each(|(count, wanted)| *count = wanted);
        expected.insert(("POST /a/{id}".to_owned(), "2xx".to_owned()), 1);
        assert_eq!(metrics.answered(), expected);
        let took: Vec<_> = metrics.took().into_iter().filter(|(_, count)| *count > 0).collect();
        let of = |method: &str, bound: i64, count: u64| ((format!("{method} /a/{{id}}"), bound), count);
        let expected = [
            of("GET", 0, 1),
            of("GET", 1, 1),
            of("GET", 5, 2),
            of("GET", 50, 1),
            of("GET", 10_000, 1),
            of("POST", 1, 1),
        ];
        assert_eq!(took, expected);
    }
}
