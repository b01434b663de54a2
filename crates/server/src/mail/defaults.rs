//! The mails of the house: their names, and what they say where a tenant says nothing.
//!
//! Texts are Liquid. What comes from people is escaped in all of them.

/// Every template that the Management API knows.
pub(super) const NAMES: &[&str] = &[
    "verify_email",
    "verify_email_by_code",
    "auth_email_by_code",
    "reset_email",
    "reset_email_by_code",
    "welcome_email",
    "blocked_account",
    "stolen_credentials",
    "enrollment_email",
    "mfa_oob_code",
    "user_invitation",
    "change_password",
    "password_reset",
    "async_approval",
];

/// The languages that there are texts in; the first is for everybody else.
pub const LANGUAGES: &[&str] = &["en", "de", "es", "ja"];

/// A mail that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// A link that proves who reads an address.
    VerifyEmail,
    /// A code that proves it.
    VerifyEmailByCode,
    /// A greeting.
    Welcome,
    /// A link to a new password.
    Reset,
    /// A link that ends a block.
    BlockedAccount,
}

/// The texts of a mail.
pub(super) struct Texts {
    pub(super) subject: &'static str,
    lines: [&'static str; 2],
    button: &'static str,
    closing: &'static str,
}

impl Template {
    /// Its name in the Management API.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::VerifyEmailByCode => "verify_email_by_code",
            Self::Welcome => "welcome_email",
            Self::Reset => "reset_email",
            Self::BlockedAccount => "blocked_account",
        }
    }

    /// Whether it is sent by a tenant that never said anything of it.
    pub(super) fn is_sent_unless_told(self) -> bool {
        self != Self::Welcome
    }

    pub(super) fn texts(self, language: &str) -> Texts {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let (subject, lines, button) = match primary.as_str() {
            "de" => self.german(),
            "es" => self.spanish(),
            "ja" => self.japanese(),
            _ => self.english(),
        };
        let closing = match primary.as_str() {
            "de" => "Wenn Sie das nicht waren, müssen Sie nichts tun.",
            "es" => "Si no fue usted, no tiene que hacer nada.",
            "ja" => "お心当たりがない場合は、このメールを無視してください。",
            _ => "If this was not you, there is nothing to do.",
        };
        Texts { subject, lines, button, closing }
    }

    fn english(self) -> (&'static str, [&'static str; 2], &'static str) {
        match self {
            Self::VerifyEmail => (
                "Confirm your email address for {{ friendly_name }}",
                [
                    "Please confirm that {{ user.email | escape }} is your email address.",
                    "The link works once.",
                ],
                "Confirm my address",
            ),
            Self::VerifyEmailByCode => (
                "Your code for {{ friendly_name }}",
                ["Enter this code to confirm {{ user.email | escape }}:", "Tell it to nobody."],
                "",
            ),
            Self::Welcome => (
                "Welcome to {{ friendly_name }}",
                ["Welcome! Your account is ready.", "You sign in with {{ user.email | escape }}."],
                "",
            ),
            Self::Reset => (
                "Set a new password for {{ friendly_name }}",
                ["Somebody asked for a new password for {{ user.email | escape }}.", "The link works once."],
                "Set a new password",
            ),
            Self::BlockedAccount => (
                "Sign-ins to your account at {{ friendly_name }} were blocked",
                [
                    "Wrong passwords were entered many times for {{ user.email | escape }}, so sign-ins from there are blocked.",
                    "If it was you, end the block with this link.",
                ],
                "End the block",
            ),
        }
    }

    fn german(self) -> (&'static str, [&'static str; 2], &'static str) {
        match self {
            Self::VerifyEmail => (
                "Bestätigen Sie Ihre E-Mail-Adresse für {{ friendly_name }}",
                [
                    "Bitte bestätigen Sie, dass {{ user.email | escape }} Ihre E-Mail-Adresse ist.",
                    "Der Link gilt einmal.",
                ],
                "Adresse bestätigen",
            ),
            Self::VerifyEmailByCode => (
                "Ihr Code für {{ friendly_name }}",
                [
                    "Geben Sie diesen Code ein, um {{ user.email | escape }} zu bestätigen:",
                    "Geben Sie ihn an niemanden weiter.",
                ],
                "",
            ),
            Self::Welcome => (
                "Willkommen bei {{ friendly_name }}",
                ["Willkommen! Ihr Konto ist bereit.", "Sie melden sich mit {{ user.email | escape }} an."],
                "",
            ),
            Self::Reset => (
                "Neues Passwort für {{ friendly_name }}",
                [
                    "Für {{ user.email | escape }} wurde ein neues Passwort angefordert.",
                    "Der Link gilt einmal.",
                ],
                "Neues Passwort festlegen",
            ),
            Self::BlockedAccount => (
                "Anmeldungen bei {{ friendly_name }} wurden gesperrt",
                [
                    "Für {{ user.email | escape }} wurden viele falsche Passwörter eingegeben. Anmeldungen von dort sind gesperrt.",
                    "Wenn Sie das waren, heben Sie die Sperre mit diesem Link auf.",
                ],
                "Sperre aufheben",
            ),
        }
    }

    fn spanish(self) -> (&'static str, [&'static str; 2], &'static str) {
        match self {
            Self::VerifyEmail => (
                "Confirme su correo electrónico para {{ friendly_name }}",
                [
                    "Confirme que {{ user.email | escape }} es su dirección de correo electrónico.",
                    "El enlace sirve una sola vez.",
                ],
                "Confirmar mi dirección",
            ),
            Self::VerifyEmailByCode => (
                "Su código para {{ friendly_name }}",
                [
                    "Introduzca este código para confirmar {{ user.email | escape }}:",
                    "No lo comparta con nadie.",
                ],
                "",
            ),
            Self::Welcome => (
                "Le damos la bienvenida a {{ friendly_name }}",
                ["Su cuenta está lista.", "Inicie sesión con {{ user.email | escape }}."],
                "",
            ),
            Self::Reset => (
                "Cree una contraseña nueva para {{ friendly_name }}",
                [
                    "Se ha pedido una contraseña nueva para {{ user.email | escape }}.",
                    "El enlace sirve una sola vez.",
                ],
                "Crear una contraseña nueva",
            ),
            Self::BlockedAccount => (
                "Se han bloqueado los inicios de sesión en {{ friendly_name }}",
                [
                    "Se introdujeron muchas contraseñas incorrectas para {{ user.email | escape }}, por lo que se bloquearon los inicios de sesión desde allí.",
                    "Si fue usted, quite el bloqueo con este enlace.",
                ],
                "Quitar el bloqueo",
            ),
        }
    }

    fn japanese(self) -> (&'static str, [&'static str; 2], &'static str) {
        match self {
            Self::VerifyEmail => (
                "{{ friendly_name }}：メールアドレスの確認",
                [
                    "{{ user.email | escape }} がご自身のメールアドレスであることを確認してください。",
                    "このリンクは一度だけ使えます。",
                ],
                "アドレスを確認する",
            ),
            Self::VerifyEmailByCode => (
                "{{ friendly_name }}：確認コード",
                [
                    "{{ user.email | escape }} を確認するには、次のコードを入力してください。",
                    "コードは誰にも教えないでください。",
                ],
                "",
            ),
            Self::Welcome => (
                "{{ friendly_name }} へようこそ",
                ["アカウントの準備ができました。", "{{ user.email | escape }} でログインしてください。"],
                "",
            ),
            Self::Reset => (
                "{{ friendly_name }}：パスワードの再設定",
                [
                    "{{ user.email | escape }} のパスワード再設定が申請されました。",
                    "このリンクは一度だけ使えます。",
                ],
                "新しいパスワードを設定する",
            ),
            Self::BlockedAccount => (
                "{{ friendly_name }}：ログインがブロックされました",
                [
                    "{{ user.email | escape }} で誤ったパスワードが何度も入力されたため、該当の場所からのログインをブロックしました。",
                    "ご本人の場合は、次のリンクで解除してください。",
                ],
                "ブロックを解除する",
            ),
        }
    }
}

impl Texts {
    /// The body, as Liquid.
    pub(super) fn html(&self) -> String {
        let Self { subject: _, lines: [first, second], button, closing } = self;
        let action = if button.is_empty() {
            "{% if code %}<p style=\"font-size:28px;letter-spacing:4px;font-weight:600\">{{ code | escape }}</p>{% endif %}"
                .to_owned()
        } else {
            format!(
                "<p><a href=\"{{{{ url | escape }}}}\" style=\"display:inline-block;padding:12px 20px;border-radius:8px;background:#1f3a8a;color:#ffffff;text-decoration:none\">{button}</a></p>"
            )
        };
        format!(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\n<body style=\"margin:0;background:#f4f5f7\"><div style=\"max-width:480px;margin:32px auto;padding:32px;background:#ffffff;border-radius:12px;font:16px/1.5 system-ui,sans-serif;color:#1a1f2b\">\n<h1 style=\"font-size:20px;margin:0 0 16px\">{{{{ friendly_name | escape }}}}</h1>\n<p>{first}</p>\n{action}\n<p>{second}</p>\n<p style=\"color:#5b6272;font-size:14px\">{closing}</p>\n</div></body></html>\n"
        )
    }
}
