//! What texts mean, and what is told of wrong ones.

use poligon_common::FieldError;
use poligon_core::db::Timestamp;
use poligon_core::users::username_key;

use super::tree::{Assignees, Bounds, Estimate, Labels, Part, Perhaps, State};
use super::{Condition, Filter, LONGEST, MOST_TERMS};
use crate::cards::priority::Priority;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn parse(text: &str) -> Result<Filter, Vec<FieldError>> {
    Filter::parse(text, at("2026-10-15T22:30:00Z"))
}

/// The conditions of a filter, each with whether it is negated.
fn terms(text: &str) -> Vec<(bool, Condition)> {
    let filter = parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    filter.terms.into_iter().map(|term| (term.negated, term.condition)).collect()
}

/// The only condition of a filter.
fn one(text: &str) -> Condition {
    let mut terms = terms(text);
    assert_eq!(terms.len(), 1, "{text}");
    let (negated, condition) = terms.remove(0);
    assert!(!negated, "{text}");
    condition
}

/// What is told of a text: code, and where it stands.
fn told(text: &str) -> Vec<(String, usize)> {
    let errors = parse(text).err().unwrap_or_else(|| panic!("{text} is taken"));
    errors
        .into_iter()
        .map(|error| {
            assert_eq!(error.pointer, "/filter");
            let (_, place) = error.message.split_once("at character ").unwrap_or(("", "0:"));
            (error.code, place.split_once(':').unwrap().0.parse().unwrap())
        })
        .collect()
}

fn word(text: &str) -> Condition {
    Condition::Word(text.to_owned())
}

fn phrase(text: &str) -> Condition {
    Condition::Phrase(text.to_owned())
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn labels(none: bool, names: &[&str]) -> Condition {
    Condition::Label(Labels { none, names: keys(names) })
}

fn assignees(me: bool, none: bool, names: &[&str]) -> Condition {
    Condition::Assignee(Assignees { me, none, names: names.iter().map(|name| username_key(name)).collect() })
}

fn from_to<T>(least: Option<T>, most: Option<T>) -> Bounds<T> {
    Bounds { least, most }
}

#[test]
fn a_filter_is_read_term_by_term() {
    let text = "assignee:me,ann label:bug -label:\"needs info\" priority:>=high due:2026-10-01..2026-10-31 \
        column:\"In progress\" is:overdue number:12 estimate:>3 payment fails";
    let october = from_to(Some(at("2026-10-01T00:00:00Z")), Some(at("2026-10-31T23:59:59.999Z")));
    let three = from_to(Some(Estimate::try_from(4).unwrap()), None);
    assert_eq!(
        terms(text),
        [
            (false, assignees(true, false, &["ann"])),
            (false, labels(false, &["bug"])),
            (true, labels(false, &["needs info"])),
            (false, Condition::Priority(vec![from_to(Some(Priority::High), None)])),
            (false, Condition::Due(Perhaps { none: false, within: vec![october] })),
            (false, Condition::Column(keys(&["in progress"]))),
            (false, Condition::Is(vec![State::Overdue])),
            (false, Condition::Number(vec![12])),
            (false, Condition::Estimate(Perhaps { none: false, within: vec![three] })),
            (false, word("payment")),
            (false, word("fails")),
        ]
    );
    for nothing in ["", " ", "\n\u{a0}  \t"] {
        assert_eq!(terms(nothing), []);
    }
}

#[test]
fn names_are_compared_as_their_neighbours_are() {
    for (text, expected) in [
        ("assignee:Me,NONE,Ann,\"none\"", assignees(true, true, &["ann", "none"])),
        ("ASSIGNEE:Ａnn", assignees(false, false, &["Ann"])),
        ("label:none,Bug", labels(true, &["bug"])),
        ("label:\"none\"", labels(false, &["none"])),
        ("label:\" ÉTÉ \",e\u{301}te\u{301}", labels(false, &["été", "été"])),
        ("label:\"a, b\",\"say \\\"no\\\"\",\"c:\\\\d\\e\"", labels(false, &["a, b", "say \"no\"", "c:\\d\\e"])),
        ("column:a:b", Condition::Column(keys(&["a:b"]))),
        ("column:none", Condition::Column(keys(&["none"]))),
        ("has:due,Estimate,label", Condition::Has(vec![Part::Due, Part::Estimate, Part::Label])),
        ("has:comment,attachment,checklist", Condition::Has(vec![Part::Comment, Part::Attachment, Part::Checklist])),
        ("is:archived,open,done", Condition::Is(vec![State::Archived, State::Open, State::Done])),
        ("is:\"unassigned\"", Condition::Is(vec![State::Unassigned])),
        ("number:1,0020", Condition::Number(vec![1, 20])),
    ] {
        assert_eq!(one(text), expected, "{text}");
    }
}

#[test]
fn what_names_no_field_is_looked_for() {
    for (text, expected) in [
        ("\"payment fails\"", phrase("payment fails")),
        ("\"label:bug\"", phrase("label:bug")),
        ("\"https://a.example\"", phrase("https://a.example")),
        ("\"-x\"", phrase("-x")),
        ("12:30", word("12:30")),
        (":)", word(":)")),
        ("C++:", word("C++:")),
        ("a,b", word("a,b")),
        ("a-b\\c", word("a-b\\c")),
        ("e\u{301}", word("é")),
        ("'quoted'", word("'quoted'")),
    ] {
        assert_eq!(one(text), expected, "{text}");
    }
    assert_eq!(terms("-a\t-\"b c\"\nd"), [(true, word("a")), (true, phrase("b c")), (false, word("d"))]);
}

#[test]
fn days_are_whole_and_ranges_have_both_ends() {
    for (text, least, most) in [
        ("2026-10-01", "2026-10-01T00:00:00Z", "2026-10-01T23:59:59.999Z"),
        ("today", "2026-10-15T00:00:00Z", "2026-10-15T23:59:59.999Z"),
        ("Tomorrow", "2026-10-16T00:00:00Z", "2026-10-16T23:59:59.999Z"),
        ("yesterday", "2026-10-14T00:00:00Z", "2026-10-14T23:59:59.999Z"),
        ("2026-10-01T12:00:00+02:00", "2026-10-01T10:00:00Z", "2026-10-01T10:00:00Z"),
        (">2026-10-01", "2026-10-02T00:00:00Z", ""),
        (">=2026-10-01", "2026-10-01T00:00:00Z", ""),
        ("<today", "", "2026-10-14T23:59:59.999Z"),
        ("<=today", "", "2026-10-15T23:59:59.999Z"),
        (">2026-10-01T10:00:00Z", "2026-10-01T10:00:00.001Z", ""),
        ("<2026-10-01T10:00:00.5Z", "", "2026-10-01T10:00:00.499Z"),
        ("..2026-10-01", "", "2026-10-01T23:59:59.999Z"),
        ("yesterday..", "2026-10-14T00:00:00Z", ""),
        ("today..today", "2026-10-15T00:00:00Z", "2026-10-15T23:59:59.999Z"),
        ("\"2026-10-01 .. 2026-10-02T06:00:00Z\"", "2026-10-01T00:00:00Z", "2026-10-02T06:00:00Z"),
        ("0000-01-01..9999-12-31", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"),
        ("2028-02-29", "2028-02-29T00:00:00Z", "2028-02-29T23:59:59.999Z"),
    ] {
        let end = |text: &str| if text.is_empty() { None } else { Some(at(text)) };
        let within = vec![from_to(end(least), end(most))];
        assert_eq!(
            one(&format!("due:{text}")),
            Condition::Due(Perhaps { none: false, within: within.clone() }),
            "{text}"
        );
        assert_eq!(one(&format!("start:{text}")), Condition::Start(Perhaps { none: false, within: within.clone() }));
        assert_eq!(one(&format!("created:{text}")), Condition::Created(within));
    }
    assert_eq!(one("due:none"), Condition::Due(Perhaps { none: true, within: Vec::new() }));
    let Condition::Due(due) = one("due:none,today,>tomorrow") else { panic!("another field") };
    assert_eq!((due.none, due.within.len()), (true, 2));
}

#[test]
fn priorities_and_estimates_are_compared() {
    use Priority::{High, Low, Medium, None as Nothing, Urgent};
    for (text, least, most) in [
        ("high", Some(High), Some(High)),
        (">low", Some(Medium), None),
        (">=LOW", Some(Low), None),
        ("<low", None, Some(Nothing)),
        ("<=urgent", None, Some(Urgent)),
        ("none..medium", Some(Nothing), Some(Medium)),
        ("..medium", None, Some(Medium)),
    ] {
        assert_eq!(one(&format!("priority:{text}")), Condition::Priority(vec![from_to(least, most)]), "{text}");
    }
    assert_eq!(Priority::ALL.map(|(_, priority)| priority.number()), [0, 1, 2, 3, 4]);
    let number = |number: i64| Some(Estimate::try_from(number).unwrap());
    for (text, least, most) in [
        ("0", number(0), number(0)),
        ("1000", number(1000), number(1000)),
        (">999", number(1000), None),
        ("<1", None, number(0)),
        ("1..5", number(1), number(5)),
        ("5..", number(5), None),
    ] {
        let within = vec![from_to(least, most)];
        assert_eq!(one(&format!("estimate:{text}")), Condition::Estimate(Perhaps { none: false, within }), "{text}");
    }
    let Condition::Estimate(estimate) = one("estimate:none,>8") else { panic!("another field") };
    assert_eq!((estimate.none, estimate.within), (true, vec![from_to(number(9), None)]));
}

/// Texts of one wrong term, and what is told of it.
const WRONG: &[(&str, &str)] = &[
    ("colour:red", "unknown_field"),
    ("https://a.example", "unknown_field"),
    ("due-date:today", "unknown_field"),
    ("метка:баг", "unknown_field"),
    ("is:late", "unknown_value"),
    ("has:cover", "unknown_value"),
    ("priority:1", "unknown_value"),
    ("priority:>=highest", "unknown_value"),
    ("number:x", "unknown_value"),
    ("number:-1", "unknown_value"),
    ("number:>1", "unknown_value"),
    ("number:none", "unknown_value"),
    ("estimate:1.5", "unknown_value"),
    ("estimate:+1", "unknown_value"),
    ("estimate:>none", "unknown_value"),
    ("number:0", "range"),
    ("number:99999999999999999999", "range"),
    ("estimate:1001", "range"),
    ("estimate:>1000", "range"),
    ("estimate:<0", "range"),
    ("estimate:5..1", "range"),
    ("priority:>urgent", "range"),
    ("priority:<none", "range"),
    ("priority:high..low", "range"),
    ("priority:..", "range"),
    ("priority:>=low..high", "range"),
    ("due:2026-10-02..2026-10-01", "range"),
    ("due:..<today", "range"),
    ("due:>9999-12-31", "range"),
    ("due:<0000-01-01", "range"),
    ("due:soon", "date"),
    ("due:2026-02-29", "date"),
    ("due:2026-1-1", "date"),
    ("due:+026-01-01", "date"),
    ("due:2026-10-01T10:00:00", "date"),
    ("due:today..none", "date"),
    ("due:today...tomorrow", "date"),
    ("due:=today", "date"),
    ("created:none", "date"),
    ("due:>", "empty_value"),
    ("label:", "empty_value"),
    ("label:\"\"", "empty_value"),
    ("label:\" \"", "empty_value"),
    ("label:a,", "empty_value"),
    ("label:,a", "empty_value"),
    ("label:\"a\",", "empty_value"),
    ("\"\"", "empty_value"),
    ("-", "empty_value"),
    ("--a", "empty_value"),
    ("\"", "unbalanced_quote"),
    ("label:\"needs info", "unbalanced_quote"),
    ("label:\"needs\\\"", "unbalanced_quote"),
    ("label:needs\"info\"", "unbalanced_quote"),
    ("label:\"needs\"info", "unbalanced_quote"),
    ("5\"", "unbalanced_quote"),
    ("\"a\",b", "unbalanced_quote"),
    ("\"label\":bug", "unbalanced_quote"),
    ("a\u{0}b", "characters"),
    ("label:\"a\nb\"", "characters"),
    ("label:1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21", "max_items"),
];

#[test]
fn a_wrong_term_is_told() {
    for (text, code) in WRONG {
        assert_eq!(told(text), [((*code).to_owned(), 1)], "{text}");
    }
}

#[test]
fn every_wrong_term_is_told_at_once_with_its_place() {
    let errors = parse("ёлка is:late  -due:2026-13-01 label:bug \"open").unwrap_err();
    let told: Vec<(&str, &str)> = errors.iter().map(|error| (error.code.as_str(), error.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (
                "unknown_value",
                "`is:late` at character 6: `late` must be one of archived, open, done, overdue, unassigned"
            ),
            (
                "date",
                "`-due:2026-13-01` at character 15: `2026-13-01` must be a day (2026-10-31), an instant \
                    (2026-10-31T09:00:00Z), today, tomorrow or yesterday; or none by itself"
            ),
            ("unbalanced_quote", "`\"open` at character 41: there must be a closing quotation mark"),
        ]
    );
    // What was written is repeated, but not all of it.
    let errors = parse(&format!("x:\u{7}{}", "ж".repeat(100))).unwrap_err();
    assert_eq!(
        errors[0].message,
        format!("`x:\u{fffd}{}…` at character 1: there must be no control characters", "ж".repeat(37))
    );
}

#[test]
fn a_filter_has_bounds() {
    assert_eq!(terms(&"ж ".repeat(MOST_TERMS)).len(), MOST_TERMS);
    assert_eq!(told(&"a ".repeat(MOST_TERMS + 5)), [("too_many_terms".to_owned(), 2 * MOST_TERMS + 1)]);
    assert_eq!(told(&("is:x ".to_owned() + &"a ".repeat(MOST_TERMS))).len(), 2);
    assert_eq!(one(&"ж".repeat(LONGEST)), word(&"ж".repeat(LONGEST)));
    assert_eq!(told(&"is:x ".repeat(LONGEST / 5 + 1)), [("length".to_owned(), 0)]);
}

/// What means something to the language, and what is seldom thought of.
const PARTS: &[&str] = &[
    "\"",
    "\\",
    ":",
    "-",
    ",",
    " ",
    "..",
    ">",
    "<",
    ">=",
    "<=",
    "label",
    "due",
    "priority",
    "estimate",
    "number",
    "is",
    "has",
    "assignee",
    "column",
    "none",
    "me",
    "today",
    "2026-10-01",
    "T10:00:00Z",
    "high",
    "1000",
    "\u{0}",
    "\u{301}",
    "\u{202e}",
    "\n",
    "ж",
    "😀",
    "İ",
    "ß\u{feff}",
    "99999999999999999999",
];

/// Texts that are put together by numbers that look like chance (`SplitMix64`).
#[test]
fn whatever_is_written_is_taken_or_told() {
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % below as u64).unwrap()
    };
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let text: String = (0..=next(16)).map(|_| PARTS[next(PARTS.len())]).collect();
        let Err(errors) = parse(&text) else {
            taken += 1;
            continue;
        };
        refused += 1;
        assert!(!errors.is_empty() && errors.len() <= MOST_TERMS + 1, "{text:?}");
        let places: Vec<usize> = told(&text).into_iter().map(|(_, place)| place).collect();
        assert!(places.is_sorted_by(|one, other| one < other), "{text:?}: {places:?}");
        for (error, place) in errors.iter().zip(places) {
            // The term that is repeated begins there.
            let begin = error.message.chars().nth(1).unwrap();
            let there = text.chars().nth(place - 1);
            assert!(there.is_some_and(|c| c == begin || c.is_control()), "{text:?}: {error:?}");
            assert!(!error.message.contains(char::is_control), "{text:?}: {error:?}");
        }
    }
    assert!(taken > 1_000 && refused > 1_000, "{taken} taken, {refused} refused");
}

#[test]
fn long_rows_of_one_sign_are_taken_or_told() {
    for odd in [
        ":".repeat(5_000),
        "\"".repeat(5_000),
        "\\".repeat(499) + "\"",
        "-".repeat(500),
        ":".repeat(500),
        "\"".repeat(499),
    ] {
        let _ = parse(&odd);
    }
    assert!(parse(&":".repeat(500)).is_ok(), "a word");
}
