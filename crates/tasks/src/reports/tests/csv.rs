//! Reports as CSV.

use rstest::rstest;

use super::super::{
    BurndownReport, BurnupReport, CumulativeFlowReport, CycleTimeReport, EstimateAccuracyReport, LeadTimeReport,
    Options, OverdueReport, ThroughputReport, TimeInColumnReport, WorkloadReport,
};
use super::{BoardFlow, Report, add, board, person, report, story, week};

fn csv<R: Report>(flow: &BoardFlow) -> String {
    let bytes = report::<R>(flow, &week(), Options::default()).csv().unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The names of the columns, then the first row and the last, with how many there are.
#[rstest]
#[case(
    csv::<CumulativeFlowReport>,
    "date,column_id,column,type,cards",
    "2026-03-02,1,To do,backlog,3",
    "2026-03-08,5,Shipped,done,2",
    35,
)]
#[case(
    csv::<BurndownReport>,
    "date,scope,remaining,ideal",
    "2026-03-02,8,6,4.3",
    "2026-03-08,8,2,0.0",
    7,
)]
#[case(
    csv::<BurnupReport>,
    "date,scope,completed",
    "2026-03-02,8,2",
    "2026-03-08,8,6",
    7,
)]
#[case(
    csv::<LeadTimeReport>,
    "card_id,key,title,completed_at,seconds",
    "3,QA-3,Card 3,2026-03-02T09:30:00.000Z,1800",
    "9,QA-9,Card 9,2026-03-06T12:00:00.000Z,475200",
    5,
)]
#[case(
    csv::<CycleTimeReport>,
    "card_id,key,title,completed_at,seconds",
    "1,QA-1,Card 1,2026-03-04T10:00:00.000Z,172800",
    "5,QA-5,Card 5,2026-03-06T00:00:00.000Z,216000",
    3,
)]
#[case(
    csv::<ThroughputReport>,
    "from,to,count",
    "2026-03-02,2026-03-02,1",
    "2026-03-08,2026-03-08,0",
    7,
)]
#[case(
    csv::<TimeInColumnReport>,
    "column_id,column,type,stays,cards,total,mean,p50,p85,max,standing",
    "1,To do,backlog,7,7,981000,140143,93600,203040,475200,2",
    "5,Shipped,done,0,0,0,,,,,2",
    5,
)]
#[case(
    csv::<WorkloadReport>,
    "person_id,username,display_name,open,backlog,active,estimate,overdue,completed",
    "10,ann,Ann,2,2,0,1,1,2",
    ",,,1,0,1,4,0,2",
    4,
)]
#[case(
    csv::<OverdueReport>,
    "card_id,key,title,due_at,completed_at,seconds",
    "7,QA-7,Card 7,2026-03-09T00:00:00.000Z,,129600",
    "1,QA-1,Card 1,2026-03-04T09:00:00.000Z,2026-03-04T10:00:00.000Z,3600",
    3,
)]
#[case(
    csv::<EstimateAccuracyReport>,
    "card_id,key,title,completed_at,estimate,actual",
    "1,QA-1,Card 1,2026-03-04T10:00:00.000Z,3,172800",
    "5,QA-5,Card 5,2026-03-06T00:00:00.000Z,2,129600",
    3,
)]
fn a_report_is_a_table(
    #[case] csv: fn(&BoardFlow) -> String,
    #[case] names: &str,
    #[case] first: &str,
    #[case] last: &str,
    #[case] rows: usize,
) {
    let text = csv(&story());
    assert!(text.ends_with("\r\n"));
    let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    assert_eq!((lines[0], lines[1], *lines.last().unwrap(), lines.len() - 1), (names, first, last, rows));
}

#[test]
fn without_cards_there_are_the_names_of_the_columns() {
    assert_eq!(csv::<LeadTimeReport>(&board()), "card_id,key,title,completed_at,seconds\r\n");
    assert_eq!(csv::<OverdueReport>(&board()), "card_id,key,title,due_at,completed_at,seconds\r\n");
}

#[test]
fn no_text_is_a_formula() {
    let mut flow = story();
    for card in &mut flow.cards {
        card.title = "=1+1, \"two\"".to_owned();
    }
    for column in &mut flow.columns {
        column.name = "@SUM(A1)".to_owned();
    }
    flow.people.insert(13, person(13, "+Zoe"));
    assert!(csv::<LeadTimeReport>(&flow).contains(r#",QA-3,"'=1+1, ""two""","#));
    assert!(csv::<OverdueReport>(&flow).contains(r#",QA-7,"'=1+1, ""two""","#));
    assert!(csv::<EstimateAccuracyReport>(&flow).contains(r#",QA-1,"'=1+1, ""two""","#));
    assert!(csv::<CumulativeFlowReport>(&flow).contains(",1,'@SUM(A1),"));
    assert!(csv::<TimeInColumnReport>(&flow).contains("\n1,'@SUM(A1),"));
    assert!(csv::<WorkloadReport>(&flow).contains("\n13,'+zoe,'+Zoe,"));
}

#[test]
fn a_title_of_several_lines_stays_one_cell() {
    let mut flow = board();
    add(&mut flow, 1, &[(super::DONE, "03T00:00")]).title = "two\r\nlines".to_owned();
    assert!(csv::<LeadTimeReport>(&flow).contains("QA-1,\"two\r\nlines\",2026"));
}
