//! The settings of every type of widget, as JSON Schemas (draft 2020-12): they are served, so that a client can build its
//! form, and they are what settings are held against.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use poligon_common::FieldError;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::definition::WidgetType;
use crate::facts::Kind;
use crate::metrics::{Metric, all_metrics};

/// Characters of the text of a widget at most.
const TEXT: usize = 10_000;

/// A text for people, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Bilingual {
    /// English.
    pub(super) en: &'static str,
    /// Russian.
    pub(super) ru: &'static str,
}

/// How large a new widget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WidgetSize {
    /// Columns.
    w: i64,
    /// Rows.
    h: i64,
}

/// A type of widget.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WidgetSchema {
    /// The type.
    #[serde(rename = "type")]
    kind: WidgetType,
    /// What it is called.
    title: Bilingual,
    /// What it is for.
    description: Bilingual,
    /// How large a new one is.
    size: WidgetSize,
    /// The JSON Schema of its settings; `title` and `x-title-ru` of a member are what it is called.
    #[schema(value_type = Object)]
    schema: Value,
}

struct Known {
    told: Vec<WidgetSchema>,
    validators: BTreeMap<WidgetType, Validator>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let told: Vec<WidgetSchema> = TYPES.iter().map(|(kind, ..)| *kind).map(schema_of).collect();
    let validators =
        told.iter().filter_map(|told| Some((told.kind, jsonschema::validator_for(&told.schema).ok()?))).collect();
    Known { told, validators }
});

/// The schemas of all types.
pub(super) fn all() -> &'static [WidgetSchema] {
    &KNOWN.told
}

/// What is wrong with settings; `at` is where they stand.
pub(super) fn wrong(kind: WidgetType, settings: &Value, at: &str) -> Vec<FieldError> {
    let Some(validator) = KNOWN.validators.get(&kind) else {
        return vec![FieldError::new(at, "unknown_type", "is of a widget of which nothing is known")];
    };
    let told = validator.iter_errors(settings).map(|error| {
        let code = match error.kind().keyword() {
            "required" => "required",
            "type" => "type",
            "enum" => "enum",
            "additionalProperties" => "unknown_field",
            "minLength" | "maxLength" | "minItems" | "maxItems" | "maxProperties" => "length",
            "minimum" | "maximum" => "range",
            _ => "invalid",
        };
        let at = format!("{at}{}", error.instance_path());
        // What is missing, and what is too much, is told of where it would stand.
        let below = match error.kind() {
            ValidationErrorKind::Required { property } => property.as_str(),
            ValidationErrorKind::AdditionalProperties { unexpected } => unexpected.first().map(String::as_str),
            _ => None,
        };
        let below = below.map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).unwrap_or_default();
        let pointer = format!("{at}{below}");
        FieldError::new(pointer, code, error.masked().to_string())
    });
    told.take(20).collect()
}

type Named = (WidgetType, [&'static str; 4], (i64, i64));

/// Type; title and description, English and Russian; size.
const TYPES: [Named; 10] = [
    (
        WidgetType::Number,
        ["Number", "Число", "One figure, its course, and how it has changed", "Один показатель, его ход и изменение"],
        (3, 2),
    ),
    (
        WidgetType::Line,
        ["Line", "Линия", "How a figure goes, by groups", "Как меняется показатель, по группам"],
        (6, 4),
    ),
    (WidgetType::Area, ["Area", "Область", "The same, filled", "То же, с заливкой"], (6, 4)),
    (WidgetType::Bar, ["Bars", "Столбцы", "Figures beside each other", "Показатели рядом друг с другом"], (6, 4)),
    (
        WidgetType::StackedBar,
        ["Stacked bars", "Столбцы с накоплением", "Figures on top of each other", "Показатели друг на друге"],
        (6, 4),
    ),
    (WidgetType::Pie, ["Pie", "Круговая диаграмма", "Shares of groups", "Доли групп"], (4, 4)),
    (WidgetType::Table, ["Table", "Таблица", "Figures in rows", "Показатели по строкам"], (6, 4)),
    (
        WidgetType::Funnel,
        ["Funnel", "Воронка", "How many people went how far", "Сколько людей прошло каждый шаг"],
        (6, 4),
    ),
    (WidgetType::Cohort, ["Cohorts", "Когорты", "How many people came back", "Сколько людей вернулось"], (12, 5)),
    (WidgetType::Text, ["Text", "Текст", "Words in Markdown", "Текст в разметке Markdown"], (4, 2)),
];

fn schema_of(kind: WidgetType) -> WidgetSchema {
    let named = TYPES.iter().find(|(known, ..)| *known == kind);
    let ([en, ru, what_en, what_ru], (w, h)) = named.map_or(([""; 4], (1, 1)), |(_, texts, size)| (*texts, *size));
    WidgetSchema {
        kind,
        title: Bilingual { en, ru },
        description: Bilingual { en: what_en, ru: what_ru },
        size: WidgetSize { w, h },
        schema: settings_schema(kind),
    }
}

fn settings_schema(kind: WidgetType) -> Value {
    let metric = |fits: fn(&Metric) -> bool| {
        let names: Vec<&str> = all_metrics().iter().filter(|metric| fits(metric)).map(|metric| metric.name).collect();
        member("metric", "Metric", "Показатель", json!({"type": "string", "enum": names}))
    };
    let any: fn(&Metric) -> bool = |_| true;
    let (members, required) = match kind {
        WidgetType::Number => {
            (vec![metric(any), filters(), segment(), compare(), target(), direction()], vec!["metric"])
        }
        WidgetType::Line | WidgetType::Area => {
            let members = vec![metric(any), interval(), group_by(false), groups(), filters(), segment(), compare()];
            (members, vec!["metric"])
        }
        WidgetType::Bar => {
            (vec![metric(any), interval(), group_by(false), groups(), filters(), segment()], vec!["metric"])
        }
        WidgetType::StackedBar => {
            let members = vec![metric(Metric::adds_up), interval(), group_by(false), groups(), filters(), segment()];
            (members, vec!["metric"])
        }
        WidgetType::Pie => {
            let fits = |metric: &Metric| metric.adds_up() && metric.has_dimensions();
            (vec![metric(fits), group_by(true), groups(), filters(), segment()], vec!["metric", "group_by"])
        }
        WidgetType::Table => {
            let members = vec![metric(any), rows(), interval(), group_by(false), groups(), filters(), segment()];
            (members, vec!["metric", "by"])
        }
        WidgetType::Funnel => (vec![steps(), window(), segment()], vec!["steps"]),
        WidgetType::Cohort => (vec![cohort_interval(), returning(), cohorts(), segment()], vec!["interval"]),
        WidgetType::Text => {
            let text = json!({"type": "string", "minLength": 1, "maxLength": TEXT, "x-multiline": true});
            (vec![member("markdown", "Text", "Текст", text)], vec!["markdown"])
        }
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": members.into_iter().collect::<Map<String, Value>>(),
    })
}

type Member = (String, Value);

fn member(name: &str, title: &str, russian: &str, mut schema: Value) -> Member {
    schema["title"] = title.into();
    schema["x-title-ru"] = russian.into();
    (name.to_owned(), schema)
}

fn filters() -> Member {
    let values = json!({"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": "string", "maxLength": 200}});
    let schema = json!({"type": "object", "maxProperties": 4, "additionalProperties": values, "x-filters": true});
    member("filters", "Filters", "Фильтры", schema)
}

fn segment() -> Member {
    let schema = json!({"type": ["integer", "null"], "minimum": 1, "maximum": i64::MAX, "x-segment": true});
    member("segment_id", "Segment", "Сегмент", schema)
}

fn compare() -> Member {
    let schema = json!({"type": ["string", "null"], "enum": ["previous_period", "previous_year", null]});
    member("compare", "Compare with", "Сравнить с", schema)
}

fn interval() -> Member {
    let schema = json!({"type": ["string", "null"], "enum": ["hour", "day", "week", "month", null]});
    member("interval", "By", "По", schema)
}

fn group_by(always: bool) -> Member {
    let kind = if always { json!("string") } else { json!(["string", "null"]) };
    member("group_by", "Groups", "Группы", json!({"type": kind, "maxLength": 64, "x-dimension": true}))
}

fn groups() -> Member {
    let schema = json!({"type": ["integer", "null"], "minimum": 1, "maximum": 50});
    member("groups", "How many groups", "Сколько групп", schema)
}

fn target() -> Member {
    member("target", "Target", "Цель", json!({"type": ["number", "null"], "minimum": -1e15, "maximum": 1e15}))
}

fn direction() -> Member {
    let schema = json!({"type": ["string", "null"], "enum": ["up", "down", null]});
    member("direction", "What is better", "Что лучше", schema)
}

fn rows() -> Member {
    member("by", "Rows", "Строки", json!({"type": "string", "enum": ["time", "group"]}))
}

fn steps() -> Member {
    let kinds: Vec<&str> = Kind::deeds().map(Kind::name).collect();
    let (_, kind) = member("kind", "What people did", "Действие", json!({"type": "string", "enum": kinds}));
    let (_, label) = member("label", "Label", "Название", json!({"type": ["string", "null"], "maxLength": 60}));
    let values = json!({"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": "string", "maxLength": 200}});
    let (_, only) = member("values", "Only these values", "Только эти значения", values);
    let step = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["kind"],
        "properties": {"kind": kind, "label": label, "values": only},
    });
    member("steps", "Steps", "Шаги", json!({"type": "array", "minItems": 2, "maxItems": 8, "items": step}))
}

fn window() -> Member {
    let schema = json!({"type": ["integer", "null"], "minimum": 1, "maximum": 90});
    member("window_days", "Days for all steps", "Дней на все шаги", schema)
}

fn cohort_interval() -> Member {
    member("interval", "Cohorts by", "Когорты по", json!({"type": "string", "enum": ["day", "week", "month"]}))
}

fn returning() -> Member {
    let mut kinds: Vec<Value> = Kind::deeds().map(|kind| kind.name().into()).collect();
    kinds.push(Value::Null);
    let schema = json!({"type": ["string", "null"], "enum": kinds});
    member("returning", "Came back to", "Вернулись, чтобы", schema)
}

fn cohorts() -> Member {
    let schema = json!({"type": ["integer", "null"], "minimum": 2, "maximum": 26});
    member("cohorts", "How many cohorts", "Сколько когорт", schema)
}
