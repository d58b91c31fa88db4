//! Charts.

use chrono_tz::Tz;
use poligon_common::html::Language;
use rstest::rstest;

use super::super::chart::{Axis, Unit, day_axis, told};
use super::super::{
    BurndownReport, BurnupReport, CumulativeFlowReport, CycleTimeReport, EstimateAccuracyReport, LeadTimeReport,
    Options, OverdueReport, ThroughputReport, TimeInColumnReport, WorkloadReport,
};
use super::{BoardFlow, DONE, IN_WORK, Range, Report, add, at, board, date, days, report, story, week};

type Drawn = fn(&BoardFlow, &Range, Language) -> String;

fn svg<R: Report>(flow: &BoardFlow, range: &Range, language: Language) -> String {
    report::<R>(flow, range, Options::default()).svg(language).unwrap()
}

/// The texts of a picture, in the order in which they are drawn.
fn texts(svg: &str) -> Vec<&str> {
    let after = svg.split("<text ").skip(1).filter_map(|rest| rest.split_once(">\n")?.1.split_once("\n</text>"));
    after.map(|(text, _)| text).collect()
}

const ALL: [(Drawn, &str, &str); 10] = [
    (svg::<CumulativeFlowReport>, "Cumulative flow", "Накопительная диаграмма потока"),
    (svg::<BurndownReport>, "Burndown", "Диаграмма сгорания"),
    (svg::<BurnupReport>, "Burnup", "Диаграмма выполнения"),
    (svg::<LeadTimeReport>, "Lead time", "Время выполнения (lead time)"),
    (svg::<CycleTimeReport>, "Cycle time", "Время цикла (cycle time)"),
    (svg::<ThroughputReport>, "Throughput", "Пропускная способность"),
    (svg::<TimeInColumnReport>, "Time in column", "Время в колонках"),
    (svg::<WorkloadReport>, "Workload", "Загрузка"),
    (svg::<OverdueReport>, "Overdue cards", "Просроченные карточки"),
    (svg::<EstimateAccuracyReport>, "Estimate and actual", "Оценка и факт"),
];

#[test]
fn every_chart_has_a_title_and_its_days_in_both_languages() {
    for (svg, english, russian) in ALL {
        for (language, title) in [(Language::En, english), (Language::Ru, russian)] {
            let picture = svg(&story(), &week(), language);
            assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{title}");
            let texts = texts(&picture);
            assert_eq!(texts[0], title);
            assert!(texts[1].starts_with("2026-03-02 – 2026-03-08, UTC"), "{title}: {}", texts[1]);
            assert!(texts.len() > 8, "{title}: {texts:?}");
        }
    }
}

#[test]
fn a_chart_of_nothing_says_so() {
    for (svg, title, _) in ALL {
        let picture = svg(&board(), &week(), Language::En);
        assert_eq!(texts(&picture), [title, "2026-03-02 – 2026-03-08, UTC", "No data in this range"]);
        let picture = svg(&board(), &week(), Language::Ru);
        assert_eq!(texts(&picture).last(), Some(&"За этот период нет данных"));
    }
}

#[test]
fn one_day_and_a_range_to_come_can_be_drawn() {
    let today = days("2026-03-10", "2026-03-10", Tz::UTC, "10T12:00");
    let ahead = days("2026-03-11", "2026-03-20", Tz::UTC, "10T12:00");
    for (svg, title, _) in ALL {
        assert_eq!(texts(&svg(&story(), &today, Language::En))[0], title);
        assert_eq!(texts(&svg(&story(), &ahead, Language::En))[0], title);
    }
}

#[test]
fn what_people_have_written_stays_text() {
    let mut flow = story();
    for card in &mut flow.cards {
        card.title = "<script>&\u{1}'\"".to_owned();
    }
    for column in &mut flow.columns {
        column.name = "<b>&\u{ffff}".to_owned();
    }
    if let Some(person) = flow.people.get_mut(&10) {
        person.display_name = "</text>&".to_owned();
    }
    for (svg, title, _) in ALL {
        let picture = svg(&flow, &week(), Language::En);
        for bad in ["<script", "<b>", "</text>&", "\u{1}", "\u{ffff}", "&'", "&\n"] {
            assert!(!picture.contains(bad), "{title}: {bad:?}");
        }
    }
    assert!(svg::<CumulativeFlowReport>(&flow, &week(), Language::En).contains("&lt;b&gt;&amp;"));
    assert!(svg::<OverdueReport>(&flow, &week(), Language::En).contains("QA-7 &lt;script&gt;&amp;&apos;&quot;"));
    assert!(svg::<WorkloadReport>(&flow, &week(), Language::En).contains("&lt;/text&gt;&amp;"));
}

#[test]
fn long_names_are_cut_and_many_rows_left_out() {
    let mut flow = board();
    for id in 1..=57 {
        let card = add(&mut flow, id, &[(IN_WORK, "02T00:00")]);
        card.title = "A long title ".repeat(20);
        card.due_at = Some(at("03T00:00"));
        card.assignees = vec![id];
    }
    let picture = svg::<OverdueReport>(&flow, &week(), Language::En);
    let texts = texts(&picture);
    assert_eq!(texts[1], "2026-03-02 – 2026-03-08, UTC; shown 40 of 57");
    let named: Vec<&&str> = texts.iter().filter(|text| text.starts_with("QA-")).collect();
    assert_eq!(named.len(), 40);
    assert!(named.iter().all(|text| text.ends_with('…') && text.chars().count() < 36), "{named:?}");
    let picture = svg::<WorkloadReport>(&flow, &week(), Language::Ru);
    assert!(picture.contains("показано 40 из 58"));
}

#[test]
fn dots_on_the_same_pixel_are_drawn_once() {
    let mut flow = board();
    for id in 1..=1000 {
        add(&mut flow, id, &[(IN_WORK, "02T00:00"), (DONE, "03T00:00")]);
    }
    let picture = svg::<CycleTimeReport>(&flow, &week(), Language::En);
    assert!(picture.matches("<circle ").count() < 10);
}

#[rstest]
#[case(1, &["2026-01-01"])]
#[case(5, &["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"])]
#[case(30, &["2026-01-01", "2026-01-06", "2026-01-11", "2026-01-16", "2026-01-21", "2026-01-26"])]
#[case(366, &["2026-01-01", "2026-02-26", "2026-04-23", "2026-06-18", "2026-08-13", "2026-10-08", "2026-12-03"])]
fn days_along_an_axis_do_not_overlap(#[case] many: i64, #[case] expected: &[&str]) {
    let axis = day_axis("Day", date("2026-01-01"), many);
    let named: Vec<&str> = axis.ticks.iter().map(|(_, name)| &**name).collect();
    assert_eq!(named, expected);
}

#[rstest]
#[case(0, &["0", "1"])]
#[case(1, &["0", "1"])]
#[case(5, &["0", "1", "2", "3", "4", "5"])]
#[case(7, &["0", "2", "4", "6", "8"])]
#[case(20_000, &["0", "5000", "10000", "15000", "20000"])]
fn counts_along_an_axis_are_whole(#[case] most: i64, #[case] expected: &[&str]) {
    let axis = Axis::counts("Cards", most);
    assert_eq!(axis.ticks.iter().map(|(_, name)| &**name).collect::<Vec<_>>(), expected);
    assert!(axis.high >= 1.0);
}

#[rstest]
#[case(0, "0 min", "0 мин")]
#[case(90, "1.5 min", "1,5 мин")]
#[case(7_199, "120 min", "120 мин")]
#[case(7_200, "2 h", "2 ч")]
#[case(172_799, "48 h", "48 ч")]
#[case(216_000, "2.5 d", "2,5 дн.")]
fn durations_are_told_in_the_unit_that_suits_them(#[case] seconds: i64, #[case] english: &str, #[case] russian: &str) {
    assert_eq!((told(seconds, Language::En), told(seconds, Language::Ru)), (english.to_owned(), russian.to_owned()));
}

#[test]
fn a_unit_suits_the_longest() {
    assert_eq!([60, 7_200, 172_800].map(Unit::up_to), [Unit::Minutes, Unit::Hours, Unit::Days]);
}
