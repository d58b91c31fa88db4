//! The texts of this slice's mails, in English and Russian.

use poligon_core::mail::NewMail;

/// Asks somebody into a team.
pub(super) fn invitation(recipient: &str, base_url: &str, team: &str, inviter: &str, token: &str) -> NewMail {
    NewMail {
        recipient: recipient.to_owned(),
        kind: "team_invitation",
        subject: "You are invited to a team / Приглашение в команду".to_owned(),
        body: format!(
            "{inviter} invites you to the team «{team}». To accept, log in and send the token below within 7 days:\n\n\
             POST {base_url}/api/tasks/invitations/accept\n{{\"token\": \"{token}\"}}\n\n— — —\n\n\
             {inviter} приглашает вас в команду «{team}». Чтобы принять приглашение, войдите и отправьте этот токен в течение \
             7 дней.\n"
        ),
    }
}
