//! A report as a page: whole in itself, with charts, and a table below each. Nothing in it runs.

use std::fmt::Write as _;

use poligon_common::chart::decimal;
use poligon_common::html::{Language, escape};
use poligon_core::db::Timestamp;

use super::chart::{series_name, shown, step_name, unit_name};
use super::job::{Section, drawn};
use super::model::Row;
use crate::dashboards::Figures;
use crate::metrics::{Cohort, FunnelStep, MetricAnswer, Unit};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
    h1{margin-bottom:0}section{margin:2.5rem 0;break-inside:avoid}svg{max-width:100%;height:auto}\
    table{border-collapse:collapse;width:100%;font-size:.9rem}caption{text-align:left;color:#555}\
    th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right}th:first-child,td:first-child{text-align:left}\
    p.total{font-size:2rem;margin:.2rem 0}";

/// The page of a report.
pub(super) fn page(report: &Row, sections: &[Section], made: Timestamp) -> Result<Vec<u8>, std::fmt::Error> {
    let language = report.language();
    let title = report.template().title(language);
    let (from, to) = report.days();
    let tag = language.pick("en", "ru");
    let mut out = String::new();
    write!(
        out,
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} · Poligon</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{from} – {to}, {} · {} {}</p>\n",
        escape(&report.tz),
        language.pick("made", "составлен"),
        made.utc().format("%Y-%m-%d %H:%M UTC"),
    )?;
    if sections.is_empty() {
        let nothing = language.pick(
            "There is nothing here that you may see: your permissions lack the metrics.",
            "Здесь нет ничего, что вам разрешено видеть: для этих показателей не хватает прав.",
        );
        writeln!(out, "<p>{nothing}</p>")?;
    }
    for section in sections {
        write!(out, "<section>\n<h2>{}</h2>\n", escape(&section.title))?;
        if let Some(svg) = drawn(section, language) {
            // An XML declaration has no place within a page.
            let svg = svg.find("<svg").and_then(|at| svg.get(at..)).unwrap_or_default();
            write!(out, "<figure role=\"img\" aria-label=\"{}\">\n{svg}\n</figure>\n", escape(&section.title))?;
        }
        match section.figures.as_ref() {
            Figures::Metric(answer) => metric(&mut out, answer, &section.title, language)?,
            Figures::Funnel(steps) => funnel(&mut out, steps, language)?,
            Figures::Cohort(_, cohorts) => self::cohorts(&mut out, cohorts, language)?,
            Figures::Text(html) => out.push_str(html),
            Figures::NoSegment => {}
        }
        out.push_str("</section>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(out.into_bytes())
}

/// A figure as people read it.
fn told(unit: Unit, value: Option<f64>, language: Language) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let decimals = if unit == Unit::Count { 0 } else { 2 };
    let text = format!("{:.decimals$}", shown(unit, value));
    if unit == Unit::Cents { money(&text, language) } else { decimal(&text, language) }
}

/// An amount of money with two decimals, with its thousands apart.
fn money(text: &str, language: Language) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("−", text));
    let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
    let apart = language.pick(",", "\u{a0}");
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push_str(apart);
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{}{cents}", language.pick(".", ","))
}

fn metric(out: &mut String, answer: &MetricAnswer, title: &str, language: Language) -> std::fmt::Result {
    let (series, unit) = (&answer.figures.series, answer.unit);
    if let [only] = series.as_slice() {
        let total = told(unit, only.total, language);
        writeln!(out, "<p class=\"total\">{total} {}</p>", unit_mark(unit, language))?;
    }
    let names = series.iter().map(|one| series_name(one, title, language));
    let heads: String = names.fold(String::new(), |all, name| all + "<th scope=\"col\">" + &escape(&name) + "</th>");
    let (when, all) = (language.pick("When", "Когда"), language.pick("Total", "Всего"));
    write!(
        out,
        "<table>\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">{when}</th>{heads}</tr></thead>\n<tbody>\n",
        unit_name(unit, language)
    )?;
    for (place, bucket) in answer.figures.buckets.iter().enumerate() {
        write!(out, "<tr><th scope=\"row\">{}</th>", escape(&bucket.label))?;
        for one in series {
            write!(out, "<td>{}</td>", told(unit, one.values.get(place).copied().flatten(), language))?;
        }
        out.push_str("</tr>\n");
    }
    write!(out, "</tbody>\n<tfoot><tr><th scope=\"row\">{all}</th>")?;
    for one in series {
        write!(out, "<td>{}</td>", told(unit, one.total, language))?;
    }
    out.push_str("</tr></tfoot>\n</table>\n");
    Ok(())
}

/// What stands behind a single figure.
fn unit_mark(unit: Unit, language: Language) -> &'static str {
    if unit == Unit::Count { "" } else { unit_name(unit, language) }
}

fn percent(share: Option<f64>, language: Language) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{} %", decimal(&format!("{:.1}", share * 100.0), language)))
}

fn funnel(out: &mut String, steps: &[FunnelStep], language: Language) -> std::fmt::Result {
    let heads = [
        language.pick("Step", "Шаг"),
        language.pick("People", "Люди"),
        language.pick("Of the first", "От первого"),
        language.pick("Of the one before", "От предыдущего"),
    ];
    let heads: String = heads.map(|head| format!("<th scope=\"col\">{head}</th>")).concat();
    write!(out, "<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n")?;
    for step in steps {
        let (first, before) = (percent(step.of_first, language), percent(step.of_previous, language));
        let name = escape(&step_name(step));
        writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{first}</td><td>{before}</td></tr>",
            step.people
        )?;
    }
    out.push_str("</tbody>\n</table>\n");
    Ok(())
}

fn cohorts(out: &mut String, cohorts: &[Cohort], language: Language) -> std::fmt::Result {
    let most = cohorts.iter().map(|cohort| cohort.kept.len()).max().unwrap_or(0);
    let later = (0..most).map(|later| format!("<th scope=\"col\">+{later}</th>")).collect::<Vec<_>>().concat();
    let (who, size) = (language.pick("Registered", "Регистрация"), language.pick("People", "Люди"));
    write!(
        out,
        "<table>\n<thead><tr><th scope=\"col\">{who}</th><th scope=\"col\">{size}</th>{later}</tr></thead>\n<tbody>\n"
    )?;
    for cohort in cohorts {
        let cells = cohort.kept.iter().map(|kept| format!("<td>{}</td>", percent(kept.share, language)));
        let kept = cells.collect::<Vec<_>>().concat();
        writeln!(out, "<tr><th scope=\"row\">{}</th><td>{}</td>{kept}</tr>", escape(&cohort.label), cohort.size)?;
    }
    out.push_str("</tbody>\n</table>\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_decimals_and_its_thousands_apart() {
        let all = [
            ("0.00", "0.00"),
            ("12.50", "12.50"),
            ("999.90", "999.90"),
            ("1000.00", "1,000.00"),
            ("-1234567.89", "−1,234,567.89"),
        ];
        for (text, wanted) in all {
            assert_eq!(money(text, Language::En), wanted);
        }
        assert_eq!(told(Unit::Cents, Some(1_460_950.0), Language::Ru), "14\u{a0}609,50");
        assert_eq!(told(Unit::Ratio, Some(0.125), Language::Ru), "12,5");
    }
}
