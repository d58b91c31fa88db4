//! Reports as JSON.

use serde_json::{Value, json};

use super::super::{
    BurndownReport, CumulativeFlowReport, CycleTimeReport, OverdueReport, ThroughputReport, TimeInColumnReport,
    WorkloadReport,
};
use super::{Report, of_story};

fn shown<R: Report>() -> Value {
    serde_json::to_value(of_story::<R>()).unwrap()
}

#[test]
fn every_report_says_which_days_it_is_about() {
    let expected = json!({"from": "2026-03-02", "to": "2026-03-08", "tz": "UTC", "as_of": "2026-03-10T12:00:00.000Z"});
    assert_eq!(shown::<BurndownReport>()["range"], expected);
    assert_eq!(shown::<WorkloadReport>()["range"], expected);
}

#[test]
fn what_is_shown_has_these_names() {
    let flow = shown::<CumulativeFlowReport>();
    assert_eq!(flow["columns"][3], json!({"id": 4, "name": "Done", "type": "done", "deleted": false}));
    assert_eq!(flow["days"][0], json!({"date": "2026-03-02", "cards": [3, 3, 0, 2, 0]}));
    let burndown = shown::<BurndownReport>();
    assert_eq!((&burndown["measure"], &burndown["start"]), (&json!("cards"), &json!(5)));
    assert_eq!(burndown["days"][6], json!({"date": "2026-03-08", "scope": 8, "remaining": 2, "ideal": 0.0}));
    let cycle = shown::<CycleTimeReport>();
    let named = |name: &str| cycle[name].as_i64();
    assert_eq!([named("count"), named("p85"), named("never_started")], [Some(3), Some(276_480), Some(2)]);
    let card = json!({
        "id": 1, "key": "QA-1", "title": "Card 1", "completed_at": "2026-03-04T10:00:00.000Z", "seconds": 172_800,
    });
    assert_eq!(cycle["cards"][0], card);
    let throughput = shown::<ThroughputReport>();
    assert_eq!(throughput["periods"][0], json!({"from": "2026-03-02", "to": "2026-03-02", "count": 1}));
    assert_eq!((&throughput["interval"], &throughput["mean"]), (&json!("day"), &json!(0.71)));
    let column = json!({
        "id": 5, "name": "Shipped", "type": "done", "deleted": false, "stays": 0, "cards": 0, "total": 0,
        "mean": null, "p50": null, "p85": null, "max": null, "standing": 2,
    });
    assert_eq!(shown::<TimeInColumnReport>()["columns"][4], column);
    let workload = shown::<WorkloadReport>();
    assert_eq!(workload["people"][0]["person"]["display_name"], "Ann");
    assert_eq!(workload["people"][3]["person"], Value::Null);
    assert_eq!(shown::<OverdueReport>()["open"][0]["completed_at"], Value::Null);
}
