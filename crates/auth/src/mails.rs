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

/// Tells that a second factor was switched on.
pub(crate) fn second_factor_on(recipient: &str) -> NewMail {
    mail(
        recipient,
        "second_factor_on",
        "Second factor is on / Второй фактор включён",
        "Your account now asks for a code at every login. Keep the recovery codes where you find them without your \
         phone. If it was not you, write to us.",
        "Теперь при каждом входе в учётную запись нужен код. Храните резервные коды там, где найдёте их без телефона. \
         Если это были не вы, напишите нам.",
    )
}

/// Tells that the second factor was switched off.
pub(crate) fn second_factor_off(recipient: &str) -> NewMail {
    mail(
        recipient,
        "second_factor_off",
        "Second factor is off / Второй фактор выключен",
        "Your account no longer asks for a code at login. If it was not you, change your password at once.",
        "При входе в учётную запись больше не нужен код. Если это были не вы, немедленно смените пароль.",
    )
}

/// Tells that a recovery code was used.
pub(crate) fn recovery_code_used(recipient: &str, left: i64) -> NewMail {
    mail(
        recipient,
        "recovery_code_used",
        "A recovery code was used / Использован резервный код",
        &format!("A recovery code of your account was used; {left} are left. If it was not you, change your password."),
        &format!(
            "Использован резервный код вашей учётной записи; осталось: {left}. Если это были не вы, смените пароль."
        ),
    )
}
