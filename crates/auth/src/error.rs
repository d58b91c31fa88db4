//! Every refusal of this domain.

use std::time::Duration;

use poligon_common::FieldError;
use poligon_common::problem::{Kind, Problem, kinds as common};
use poligon_core::cache::CacheError;
use poligon_core::db::{DbError, FromDb};
use poligon_core::random::NoRandomness;
use poligon_core::security::HashQueueFull;
use poligon_core::security::NotSealed;
use poligon_core::security::passwords::PasswordError;
use poligon_core::security::tokens::CannotIssue;

poligon_common::problem_kinds! {
    EMAIL_TAKEN = 409, "email_taken", "E-mail taken", "An account with this e-mail address exists. Log in, or reset its password.";
    USERNAME_TAKEN = 409, "username_taken", "User name taken", "An account with this user name, or one that looks the same, exists. Choose another.";
    INVALID_CREDENTIALS = 401, "invalid_credentials", "Invalid credentials", "The name or the password is wrong; which of them is not told.";
    LOGIN_DELAYED = 429, "login_delayed", "Login delayed", "After five failures each further try has to wait longer. Retry-After says how long.";
    ACCOUNT_LOCKED = 403, "account_locked", "Account locked", "An administrator has locked this account.";
    INVALID_REFRESH_TOKEN = 401, "invalid_refresh_token", "Invalid refresh token", "The refresh token is unknown, expired, revoked or was used before. Log in again.";
    INVALID_ONE_TIME_TOKEN = 422, "invalid_one_time_token", "Invalid token", "The token from the mail is unknown, expired or was used before. Ask for a new one.";
    WRONG_PASSWORD = 403, "wrong_password", "Wrong password", "The current password is wrong.";
    INVALID_CHALLENGE = 401, "invalid_challenge", "Invalid challenge", "The challenge is unknown, expired, was used before or had five wrong codes. Log in again.";
    INVALID_SECOND_FACTOR = 401, "invalid_second_factor", "Invalid second factor", "The code is wrong, out of its time, or was used before.";
    WRONG_CODE = 403, "wrong_code", "Wrong code", "The code is wrong, out of its time, or was used before.";
    STEP_UP_REQUIRED = 403, "step_up_required", "Step-up required", "This needs a proof of your second factor from the last five minutes: POST /api/auth/step-up, then repeat the request.";
    SECOND_FACTOR_ON = 409, "second_factor_on", "Second factor is on", "This account has a second factor. Switch it off before you enrol another.";
    NO_SECOND_FACTOR = 409, "no_second_factor", "No second factor", "This account has no second factor.";
    NO_ENROLMENT = 409, "no_enrolment", "No enrolment", "There is no enrolment to confirm, or it is older than an hour. Begin with POST /api/auth/2fa/totp.";
    LAST_ADMINISTRATOR = 409, "last_administrator", "Last administrator", "This is the last active administrator. Make another one first.";
    OWN_ACCOUNT = 409, "own_account", "Own account", "Nobody does this to their own account by the administration. Use the paths under me.";
    PERMISSION_NOT_HELD = 403, "permission_not_held", "Permission not held", "Nobody grants, takes or overrules what they may not do themselves.";
    BUILT_IN_ROLE = 409, "built_in_role", "Built-in role", "Built-in roles can be given, but not changed or removed.";
    ROLE_TAKEN = 409, "role_taken", "Role taken", "A role with this name exists.";
    ROLE_IN_USE = 409, "role_in_use", "Role in use", "Somebody has this role. Take it from everybody first.";
}

/// Why this domain did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The e-mail address belongs to another account.
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    /// The user name, or one that looks the same, belongs to another account.
    #[error("an account with this user name exists")]
    UsernameTaken,
    /// Wrong name or password.
    #[error("the name or the password is wrong")]
    InvalidCredentials,
    /// Too many failures; how long to wait.
    #[error("too many failures to log in")]
    LoginDelayed(Duration),
    /// The account is locked.
    #[error("the account is locked")]
    AccountLocked,
    /// No live refresh token.
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    /// No live token of a mail.
    #[error("the token is unknown, expired or used")]
    InvalidOneTimeToken,
    /// The current password is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// No login waits for this challenge.
    #[error("the challenge is not valid; log in again")]
    InvalidChallenge,
    /// The code of a login is wrong or used.
    #[error("the code is wrong or was used before")]
    InvalidSecondFactor,
    /// The code of somebody who is logged in is wrong or used.
    #[error("the code is wrong or was used before")]
    WrongCode,
    /// The second factor was proved too long ago.
    #[error("this needs a proof of the second factor that is no older than five minutes")]
    StepUpRequired,
    /// There is a second factor already.
    #[error("the second factor is on")]
    SecondFactorOn,
    /// There is no second factor.
    #[error("this account has no second factor")]
    NoSecondFactor,
    /// Nothing to confirm.
    #[error("no enrolment waits for its first code")]
    NoEnrolment,
    /// Nobody would be left to administrate.
    #[error("this is the last active administrator")]
    LastAdministrator,
    /// Not to oneself.
    #[error("this cannot be done to one's own account")]
    OwnAccount,
    /// More than the caller may do.
    #[error("you do not hold the permission {0}")]
    PermissionNotHeld(String),
    /// A role that stays as it is.
    #[error("the role {0} is built in")]
    BuiltInRole(String),
    /// The role's name is taken.
    #[error("a role with this name exists")]
    RoleTaken,
    /// The role is given to somebody.
    #[error("{0} people have this role")]
    RoleInUse(i64),
    /// A refused move between states: from, to.
    #[error("an account that is {0} cannot become {1}")]
    InvalidTransition(&'static str, &'static str),
    /// `If-Match` names an older version; the present one's tag.
    #[error("the object has changed since it was read")]
    Stale(String),
    /// No such object, or none that the caller may know of.
    #[error("there is no such object")]
    NotFound,
    /// The caller's own account was deleted while the request was on its way.
    #[error("the account of this session is gone")]
    OwnAccountGone,
    /// Fields that only the database could check.
    #[error("{}", .0.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldError>),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Password hashing.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The hashing threads.
    #[error(transparent)]
    HashQueue(#[from] HashQueueFull),
    /// A token could not be signed.
    #[error(transparent)]
    CannotIssue(#[from] CannotIssue),
    /// No random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A secret could not be encrypted.
    #[error(transparent)]
    NotSealed(#[from] NotSealed),
    /// A picture of a code could not be drawn.
    #[error("the QR code could not be drawn: {0}")]
    NotDrawn(String),
}

impl Error {
    /// Whether the caller was refused as such: the object is not theirs, or they may not do this to it.
    pub(crate) fn is_denial(&self) -> bool {
        matches!(
            self,
            Self::NotFound
                | Self::OwnAccount
                | Self::PermissionNotHeld(_)
                | Self::LastAdministrator
                | Self::StepUpRequired
        )
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl FromDb for Error {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind: &'static Kind = match error {
            Error::EmailTaken => &EMAIL_TAKEN,
            Error::UsernameTaken => &USERNAME_TAKEN,
            Error::InvalidCredentials => &INVALID_CREDENTIALS,
            Error::LoginDelayed(_) => &LOGIN_DELAYED,
            Error::AccountLocked => &ACCOUNT_LOCKED,
            Error::InvalidRefreshToken => &INVALID_REFRESH_TOKEN,
            Error::InvalidOneTimeToken => &INVALID_ONE_TIME_TOKEN,
            Error::WrongPassword => &WRONG_PASSWORD,
            Error::InvalidChallenge => &INVALID_CHALLENGE,
            Error::InvalidSecondFactor => &INVALID_SECOND_FACTOR,
            Error::WrongCode => &WRONG_CODE,
            Error::StepUpRequired => &STEP_UP_REQUIRED,
            Error::SecondFactorOn => &SECOND_FACTOR_ON,
            Error::NoSecondFactor => &NO_SECOND_FACTOR,
            Error::NoEnrolment => &NO_ENROLMENT,
            Error::LastAdministrator => &LAST_ADMINISTRATOR,
            Error::OwnAccount => &OWN_ACCOUNT,
            Error::PermissionNotHeld(_) => &PERMISSION_NOT_HELD,
            Error::BuiltInRole(_) => &BUILT_IN_ROLE,
            Error::RoleTaken => &ROLE_TAKEN,
            Error::RoleInUse(_) => &ROLE_IN_USE,
            Error::InvalidTransition(..) => &common::INVALID_TRANSITION,
            Error::Stale(_) => &common::PRECONDITION_FAILED,
            Error::NotFound => &common::NOT_FOUND,
            Error::OwnAccountGone => return Self::invalid_token(),
            Error::Fields(wrong) => return Self::invalid(wrong),
            Error::Db(error) => return error.into(),
            Error::Cache(error) => return error.into(),
            Error::HashQueue(error) | Error::Password(PasswordError::QueueFull(error)) => return error.into(),
            Error::Password(error) => return Self::internal(&error),
            Error::CannotIssue(error) => return Self::internal(&error),
            Error::NoRandomness(error) => return Self::internal(&error),
            Error::NotSealed(error) => return Self::internal(&error),
            Error::NotDrawn(_) => return Self::internal(&error),
        };
        let problem = Self::new(kind).detail(error.to_string());
        match error {
            Error::LoginDelayed(wait) => problem.retry_after(wait),
            Error::Stale(tag) => problem.header(actix_web::http::header::ETAG, &tag),
            Error::InvalidTransition(from, to) => problem.with("from", from).with("to", to),
            _ if kind.status == 401 => {
                problem.header(actix_web::http::header::WWW_AUTHENTICATE, r#"Bearer realm="poligon""#)
            }
            _ => problem,
        }
    }
}
