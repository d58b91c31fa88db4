//! The texts of this domain's mails, in English and Russian.

use poligon_core::mail::NewMail;

fn mail(recipient: &str, kind: &'static str, subject: &str, english: &str, russian: &str) -> NewMail {
    NewMail {
        recipient: recipient.to_owned(),
        kind,
        subject: subject.to_owned(),
        body: format!("{english}\n\n— — —\n\n{russian}\n"),
    }
}

/// Asks to show that an address is one's own.
pub(crate) fn verify_email(recipient: &str, base_url: &str, token: &str) -> NewMail {
    mail(
        recipient,
        "verify_email",
        "Confirm your e-mail address / Подтвердите адрес",
        &format!(
            "Welcome to Poligon. To confirm this address, send the token below within 24 hours:\n\n\
             POST {base_url}/api/auth/verify-email\n{{\"token\": \"{token}\"}}"
        ),
        "Добро пожаловать в Poligon. Чтобы подтвердить адрес, отправьте этот токен в течение 24 часов.",
    )
}

/// Asks to show that a new address is one's own.
pub(crate) fn change_email(recipient: &str, base_url: &str, token: &str) -> NewMail {
    mail(
        recipient,
        "change_email",
        "Confirm your new e-mail address / Подтвердите новый адрес",
        &format!(
            "To use this address for your account, send the token below within 24 hours:\n\n\
             POST {base_url}/api/auth/verify-email\n{{\"token\": \"{token}\"}}"
        ),
        "Чтобы использовать этот адрес для вашей учётной записи, отправьте этот токен в течение 24 часов.",
    )
}

/// Lets a person set a new password.
pub(crate) fn reset_password(recipient: &str, base_url: &str, token: &str) -> NewMail {
    mail(
        recipient,
        "reset_password",
        "Reset your password / Сброс пароля",
        &format!(
            "To set a new password, send the token below within 30 minutes. If you did not ask for this, do \
             nothing.\n\nPOST {base_url}/api/auth/reset-password\n{{\"token\": \"{token}\", \"password\": \"…\"}}"
        ),
        "Чтобы задать новый пароль, отправьте этот токен в течение 30 минут. Если вы этого не просили, ничего не делайте.",
    )
}

/// Tells that the password was changed.
pub(crate) fn password_changed(recipient: &str) -> NewMail {
    mail(
        recipient,
        "password_changed",
        "Your password was changed / Пароль изменён",
        "The password of your account was changed. If it was not you, reset it at once.",
        "Пароль вашей учётной записи изменён. Если это были не вы, немедленно сбросьте его.",
    )
}

/// Tells the old address that a new one has taken its place.
pub(crate) fn email_changed(recipient: &str) -> NewMail {
    mail(
        recipient,
        "email_changed",
        "Your e-mail address was changed / Адрес изменён",
        "Your account has a new e-mail address, and this one is no longer used. If it was not you, write to us.",
        "У вашей учётной записи новый адрес, этот больше не используется. Если это были не вы, напишите нам.",
    )
}
