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
    let mut body = String::from("This has happened on your task boards:\nВот что произошло на ваших досках задач:\n");
    let mut projects: Vec<i64> = Vec::new();
    let shown = &told[..told.len().min(MOST)];
    for one in shown {
        if !projects.contains(&one.project.id) {
            projects.push(one.project.id);
        }
    }
    for project in projects {
        let mut its = shown.iter().filter(|one| one.project.id == project).peekable();
        if let Some(first) = its.peek() {
            body += &format!("\n{}\n", first.project.name);
        }
        for one in its {
            let (english, russian) = what(one.kind);
            let card = one.card.as_ref().map(|card| format!("{} {}: ", card.key, card.title)).unwrap_or_default();
            let by = one.actor.as_ref().map(|actor| format!(" ({})", actor.display_name)).unwrap_or_default();
            body += &format!("- {card}{english} / {russian}{by}\n");
        }
    }
    if told.len() > shown.len() {
        body += &format!("\n… and {} more / и ещё {0}\n", told.len() - shown.len());
    }
    (subject, body)
}
