//! Dashboards that are built in: the overview that everybody sees who has chosen none, and those to begin with.

use poligon_common::html::Language;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::access::Access;
use super::definition::{Definition, Filters, Widget, WidgetType};
use super::input::SCHEMA_VERSION;
use super::model::{DashboardResponse, DashboardSummary};
use super::period::{Period, Preset};

/// A dashboard as a file: `POST dashboards/import` takes it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DashboardFile {
    /// The version of the form of this document.
    schema_version: i64,
    /// What it is called.
    title: String,
    /// What it is for.
    description: String,
    /// The time zone that its days are of.
    tz: String,
    /// The days that it is about.
    period: Period,
    /// Values of dimensions.
    filters: Filters,
    /// Its widgets.
    widgets: Vec<Widget>,
}

impl DashboardFile {
    pub(super) fn new(title: String, description: String, definition: Definition) -> Self {
        let Definition { tz, period, filters, widgets } = definition;
        Self { schema_version: SCHEMA_VERSION, title, description, tz, period, filters, widgets }
    }
}

/// A dashboard to begin with.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DashboardTemplate {
    /// Its name.
    name: &'static str,
    /// The dashboard.
    dashboard: DashboardFile,
}

/// The dashboards to begin with.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct TemplateList {
    /// All of them.
    pub(super) items: Vec<DashboardTemplate>,
}

/// In which language built-in titles are.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TemplateParams {
    /// The language; without it, English.
    #[param(inline)]
    pub(super) lang: Option<Language>,
}

/// A title, English and Russian.
type Title = (&'static str, &'static str);
/// Name, type, title, place (column, row, columns, rows) and settings.
type Built = (&'static str, WidgetType, Title, (i64, i64, i64, i64), Value);

use WidgetType::{Area, Bar, Cohort, Funnel, Line, Number, Pie, StackedBar, Table};

fn number(id: &'static str, title: Title, x: i64, metric: &str) -> Built {
    (id, Number, title, (x, 0, 3, 2), json!({"metric": metric, "compare": "previous_period"}))
}

/// The steps from a look at a product to the money.
fn buying(language: Language) -> Value {
    let step = |kind: &str, english: &'static str, russian: &'static str| json!({"kind": kind, "label": language.pick(english, russian)});
    json!({"steps": [
        step("product_view", "Saw a product", "Смотрели товар"),
        step("order", "Ordered", "Заказали"),
        step("payment", "Paid", "Оплатили"),
    ]})
}

fn overview(language: Language) -> Vec<Built> {
    vec![
        number("revenue", ("Revenue", "Выручка"), 0, "revenue"),
        number("orders", ("Orders", "Заказы"), 3, "orders"),
        number("active", ("Active people", "Активные люди"), 6, "active_users"),
        number("publications", ("Publications", "Публикации"), 9, "publications"),
        (
            "revenue-days",
            Area,
            ("Revenue by day", "Выручка по дням"),
            (0, 2, 8, 4),
            json!({"metric": "revenue", "compare": "previous_period"}),
        ),
        (
            "products",
            Pie,
            ("Best products", "Лучшие товары"),
            (8, 2, 4, 4),
            json!({"metric": "product_sales", "group_by": "product", "groups": 6}),
        ),
        (
            "people-days",
            Line,
            ("Active people by day", "Активные люди по дням"),
            (0, 6, 6, 4),
            json!({"metric": "active_users"}),
        ),
        (
            "reactions",
            StackedBar,
            ("Reactions", "Реакции"),
            (6, 6, 6, 4),
            json!({"metric": "reactions", "group_by": "kind"}),
        ),
        ("buying", Funnel, ("From a look to the money", "От просмотра до оплаты"), (0, 10, 6, 4), buying(language)),
        (
            "pages",
            Table,
            ("Pages", "Страницы"),
            (6, 10, 6, 4),
            json!({"metric": "page_views", "group_by": "path", "by": "group"}),
        ),
        (
            "posts",
            Bar,
            ("Posts by week", "Записи по неделям"),
            (0, 14, 6, 4),
            json!({"metric": "posts", "interval": "week"}),
        ),
        ("registrations", Line, ("Registrations", "Регистрации"), (6, 14, 6, 4), json!({"metric": "registrations"})),
    ]
}

fn shop(language: Language) -> Vec<Built> {
    vec![
        number("revenue", ("Revenue", "Выручка"), 0, "revenue"),
        number("orders", ("Orders", "Заказы"), 3, "orders"),
        number("average", ("Average order", "Средний заказ"), 6, "average_order_value"),
        number("refunds", ("Refund rate", "Доля возвратов"), 9, "refund_rate"),
        ("payments", Area, ("Payments by day", "Оплаты по дням"), (0, 2, 8, 4), json!({"metric": "payments"})),
        (
            "failures",
            Pie,
            ("Why payments failed", "Почему оплаты не прошли"),
            (8, 2, 4, 4),
            json!({"metric": "payment_failures", "group_by": "reason"}),
        ),
        (
            "sales",
            StackedBar,
            ("Sales by product", "Продажи по товарам"),
            (0, 6, 8, 4),
            json!({"metric": "product_sales", "group_by": "product", "groups": 5}),
        ),
        (
            "pieces",
            Table,
            ("Pieces by product", "Штуки по товарам"),
            (8, 6, 4, 4),
            json!({"metric": "product_pieces", "group_by": "product", "by": "group"}),
        ),
        ("buying", Funnel, ("From a look to the money", "От просмотра до оплаты"), (0, 10, 12, 4), buying(language)),
    ]
}

fn audience(_: Language) -> Vec<Built> {
    vec![
        number("active", ("Active people", "Активные люди"), 0, "active_users"),
        number("month", ("Active in a month", "Активные за месяц"), 3, "monthly_active_users"),
        number("stickiness", ("Stickiness", "Вовлечённость"), 6, "stickiness"),
        number("registrations", ("Registrations", "Регистрации"), 9, "registrations"),
        (
            "weekly",
            Line,
            ("Active in a week", "Активные за неделю"),
            (0, 2, 6, 4),
            json!({"metric": "weekly_active_users"}),
        ),
        (
            "reactions",
            StackedBar,
            ("Reactions", "Реакции"),
            (6, 2, 6, 4),
            json!({"metric": "reactions", "group_by": "kind"}),
        ),
        (
            "kept",
            Cohort,
            ("Who came back", "Кто вернулся"),
            (0, 6, 12, 5),
            json!({"interval": "week", "returning": null}),
        ),
        ("messages", Area, ("Messages", "Сообщения"), (0, 11, 6, 4), json!({"metric": "messages"})),
        ("posts", Bar, ("Posts", "Записи"), (6, 11, 6, 4), json!({"metric": "posts"})),
    ]
}

fn content(_: Language) -> Vec<Built> {
    vec![
        number("publications", ("Publications", "Публикации"), 0, "publications"),
        number("cases", ("Decisions", "Решения"), 3, "moderation_cases"),
        number("time", ("Time in moderation", "Время на модерации"), 6, "time_in_moderation"),
        (
            "publications-weeks",
            Bar,
            ("Publications by week", "Публикации по неделям"),
            (0, 2, 6, 4),
            json!({"metric": "publications", "interval": "week"}),
        ),
        (
            "decisions",
            Pie,
            ("Decisions", "Решения"),
            (6, 2, 6, 4),
            json!({"metric": "moderation_cases", "group_by": "decision"}),
        ),
        (
            "time-kinds",
            Table,
            ("Time by kind", "Время по видам"),
            (0, 6, 12, 4),
            json!({"metric": "time_in_moderation", "group_by": "kind", "by": "group"}),
        ),
    ]
}

fn teams(_: Language) -> Vec<Built> {
    vec![
        number("done", ("Cards done", "Готовые карточки"), 0, "throughput"),
        number("cycle", ("Cycle time", "Время выполнения"), 3, "cycle_time"),
        number("made", ("New cards", "Новые карточки"), 6, "cards_created"),
        number("overdue", ("Overdue", "Просрочено"), 9, "cards_overdue"),
        (
            "done-weeks",
            Bar,
            ("Cards done by week", "Готовые карточки по неделям"),
            (0, 2, 6, 4),
            json!({"metric": "throughput", "interval": "week"}),
        ),
        (
            "done-boards",
            StackedBar,
            ("Cards done by board", "Готовые карточки по доскам"),
            (6, 2, 6, 4),
            json!({"metric": "throughput", "group_by": "board", "groups": 6}),
        ),
        (
            "cycle-boards",
            Table,
            ("Cycle time by board", "Время выполнения по доскам"),
            (0, 6, 6, 4),
            json!({"metric": "cycle_time", "group_by": "board", "by": "group"}),
        ),
        ("moves", Line, ("Moves", "Перемещения"), (6, 6, 6, 4), json!({"metric": "cards_moved"})),
    ]
}

type Make = fn(Language) -> Vec<Built>;

const ALL: [(&str, Title, Make); 5] = [
    ("overview", ("Overview", "Обзор"), overview),
    ("shop", ("Shop", "Магазин"), shop),
    ("audience", ("Audience", "Аудитория"), audience),
    ("content", ("Content", "Контент"), content),
    ("teams", ("Teams", "Команды"), teams),
];

fn definition(built: Vec<Built>, language: Language) -> Definition {
    let widget = |(id, kind, (english, russian), (x, y, w, h), settings): Built| Widget {
        id: id.to_owned(),
        kind,
        title: language.pick(english, russian).to_owned(),
        x,
        y,
        w,
        h,
        settings: settings.as_object().cloned().unwrap_or_default(),
    };
    let widgets = built.into_iter().map(widget).collect();
    let period = Period::named(Preset::Last30Days);
    Definition { tz: "UTC".to_owned(), period, filters: Filters::new(), widgets }
}

/// All dashboards to begin with.
pub(super) fn all(language: Language) -> Vec<DashboardTemplate> {
    let template = |(name, (english, russian), make): (&'static str, Title, Make)| {
        let title = language.pick(english, russian).to_owned();
        let dashboard = DashboardFile::new(title, String::new(), definition(make(language), language));
        DashboardTemplate { name, dashboard }
    };
    ALL.into_iter().map(template).collect()
}

/// The widgets of a built-in dashboard.
pub(crate) fn built_in_widgets(name: &str, language: Language) -> Vec<Widget> {
    let found = ALL.iter().find(|(known, ..)| *known == name);
    found.map(|(.., make)| definition(make(language), language).widgets).unwrap_or_default()
}

/// What everybody sees who has chosen no dashboard.
pub(super) fn built_in(language: Language) -> DashboardResponse {
    let definition = definition(overview(language), language);
    let summary = DashboardSummary {
        id: None,
        title: language.pick("Overview", "Обзор").to_owned(),
        description: String::new(),
        owner: None,
        access: Access::View,
        is_default: true,
        version: 1,
        widget_count: i64::try_from(definition.widgets.len()).unwrap_or(0),
        created_at: None,
        updated_at: None,
    };
    DashboardResponse::new(summary, definition, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_dashboards_are_as_those_of_people_have_to_be() {
        for language in [Language::En, Language::Ru] {
            for (name, _, make) in ALL {
                assert_eq!(definition(make(language), language).wrong(), [], "{name}");
            }
        }
    }
}
