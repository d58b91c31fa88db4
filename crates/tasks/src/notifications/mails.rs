//! The text of a mail of what somebody is told, in English and Russian.

use super::kind::Kind;
use super::list::NotificationResponse;

/// Which mail it is.
pub(super) const DIGEST: &str = "task_digest";
/// Things that one mail tells in full.
const MOST: usize = 50;

/// What has happened, in both languages.
fn what(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Assigned => ("assigned to you", "назначена вам"),
        Kind::Mentioned => ("you are mentioned", "вас упомянули"),
        Kind::Commented => ("commented", "новый комментарий"),
        Kind::Moved => ("moved", "перемещена"),
        Kind::DueSoon => ("due within a day", "срок наступает в течение суток"),
        Kind::Overdue => ("overdue", "срок прошёл"),
        Kind::Invited => ("you are in the project now", "вы теперь в проекте"),
    }
}

/// Subject and text, project by project in the order in which they were first told of.
pub(super) fn digest(told: &[NotificationResponse]) -> (String, String) {
    let subject = format!("Your task boards: {} new / Доски задач: новых — {0}", told.len());
    let mut lines = vec![
        "This has happened on your task boards:".to_owned(),
        "Вот что произошло на ваших досках задач:".to_owned(),
    ];
    let shown = &told[..told.len().min(MOST)];
    let mut projects: Vec<(i64, &str)> = Vec::new();
    for one in shown {
        if !projects.iter().any(|(id, _)| *id == one.project.id) {
            projects.push((one.project.id, &one.project.name));
        }
    }
    for (id, name) in projects {
        lines.extend([String::new(), name.to_owned()]);
        lines.extend(shown.iter().filter(|one| one.project.id == id).map(line));
    }
    if told.len() > shown.len() {
        lines.extend([String::new(), format!("… and {} more / и ещё {0}", told.len() - shown.len())]);
    }
    (subject, lines.join("\n") + "\n")
}

fn line(one: &NotificationResponse) -> String {
    let (english, russian) = what(one.kind);
    let card = one.card.as_ref().map(|card| format!("{} {}: ", card.key, card.title)).unwrap_or_default();
    let by = one.actor.as_ref().map(|actor| format!(" ({})", actor.display_name)).unwrap_or_default();
    format!("- {card}{english} / {russian}{by}")
}
