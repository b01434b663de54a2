//! Mail: written into the database together with what causes it, sent later by whoever is free.
//!
//! Without SMTP a mail stays in the database, the mailbox of developers. Must never send anywhere but where the
//! settings say, and never write a link, a code or a credential into a log.

mod defaults;
pub mod liquid;
mod plain;
pub mod provider;
pub mod sender;
mod smtp;
pub mod sql;
pub mod templates;

use chancery_crypto::seal::Label;
use chancery_oauth::uri::Uri;
use serde_json::{Map, Value, json};

pub use defaults::{LANGUAGES, Template};
pub use plain::plain;
pub use smtp::Relay;

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenant_documents::Kind;
use crate::tenants::{Tenant, TenantId};

/// The document that holds where a tenant's mails go.
pub const PROVIDER: Kind = Kind("email-provider");
/// The documents that hold what a tenant's mails say.
pub const TEMPLATE: Kind = Kind("email-template");

/// What the operator decides about mail, for tenants that decide nothing.
#[derive(Debug, Clone, Default)]
pub struct MailSettings {
    /// The SMTP server.
    pub relay: Option<Relay>,
    /// The sender.
    pub from: Option<String>,
}

impl MailSettings {
    /// Whether mail can come from this.
    pub fn is_sender(text: &str) -> bool {
        smtp::is_mailbox(text)
    }
}

/// A mail that somebody should get.
#[derive(Debug)]
pub struct Letter<'a> {
    /// What it says.
    pub template: Template,
    /// To whom.
    pub to: &'a str,
    /// In which language, such as `de` or `pt-BR`; English where there are no texts in it.
    pub language: &'a str,
    /// What the template may use: `user`, `application`, `connection`, `url`, `code`, ….
    pub variables: Map<String, Value>,
}

/// A mail, ready to be written.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mail {
    /// The name of its template.
    pub template: String,
    /// To whom.
    pub to: String,
    /// From whom.
    pub from: String,
    /// Its subject, one line.
    pub subject: String,
    /// Its text.
    pub html: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({} to {})", self.template, self.to)
    }
}

/// What a template says about the link in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkSettings {
    /// Seconds that the link is good for, where the template says so.
    pub lifetime: Option<i64>,
    /// Where to go afterwards.
    pub result_url: Option<String>,
    /// Whether the address is told there.
    pub include_email: bool,
}

/// The settings of the link in a template.
pub fn link_settings(tenant: &Tenant, template: Template) -> LinkSettings {
    let set = tenant.kept.find(TEMPLATE, template.name());
    let member = |name: &str| set.and_then(|set| set.get(name));
    let text = member("resultUrl").and_then(Value::as_str).filter(|url| !url.is_empty());
    LinkSettings {
        lifetime: member("urlLifetimeInSeconds").and_then(Value::as_i64).filter(|seconds| *seconds > 0),
        result_url: text.map(str::to_owned),
        include_email: member("includeEmailInRedirect").and_then(Value::as_bool).unwrap_or(true),
    }
}

impl LinkSettings {
    /// With the address to go to afterwards filled in, where it is a template. What no browser can be sent to is none.
    pub async fn filled(self, tenant: &Tenant, variables: Map<String, Value>, language: &str) -> Self {
        let Some(own) = self.result_url else { return self };
        let filled = if own.contains('{') {
            liquid::render(own, self::variables(tenant, variables, language)).await
        } else {
            Ok(own)
        };
        let result_url = match filled {
            Ok(url) if is_of_the_web(&url) => Some(url),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "the resultUrl of a mail template could not be used");
                None
            }
        };
        Self { result_url, ..self }
    }
}

fn is_of_the_web(url: &str) -> bool {
    Uri::parse(url.split('#').next().unwrap_or_default()).is_ok_and(|parsed| parsed.is_web())
}

/// Writes a letter out, before the change that sends it begins. None: the tenant does not send this kind, or the
/// address is none.
pub async fn prepare(app: &App, tenant: &Tenant, letter: Letter<'_>) -> Option<Mail> {
    let set = tenant.kept.find(TEMPLATE, letter.template.name());
    let enabled = set.and_then(|set| set.get("enabled")).and_then(Value::as_bool);
    if !enabled.unwrap_or_else(|| letter.template.is_sent_unless_told()) || !smtp::is_address(letter.to) {
        return None;
    }
    let variables = variables(tenant, letter.variables, letter.language);
    let default = letter.template.texts(letter.language);
    let part = async |name: &str, default: String| {
        if let Some(own) = set.and_then(|set| set.get(name)).and_then(Value::as_str) {
            match liquid::render(own.to_owned(), variables.clone()).await {
                Ok(text) => return text,
                // A mail with the words of the house is better than none.
                Err(error) => {
                    tracing::warn!(template = letter.template.name(), part = name, %error, "a mail template could not be used");
                }
            }
        }
        liquid::render(default, variables.clone()).await.unwrap_or_default()
    };
    let subject = part("subject", default.subject.to_owned()).await;
    let from = part("from", String::new()).await;
    Some(Mail {
        template: letter.template.name().to_owned(),
        to: letter.to.to_owned(),
        from: sender_of(app, tenant, from),
        subject: one_line(&subject),
        html: part("body", default.html()).await,
    })
}

/// Writes a mail in the transaction of what causes it; answers its id.
pub async fn enqueue(app: &App, tx: &mut Tx, tenant: &TenantId, mail: &Mail) -> Result<String, DbError> {
    let id = format!("mail_{}", app.entropy.alphanumeric(16));
    let message = serde_json::to_vec(mail).map_err(|error| DbError::Other(error.to_string()))?;
    let sealed = app.sealer.seal(label(tenant, &id), app.entropy.bytes(), &message);
    let sealed = sealed.map_err(|error| DbError::Other(error.to_string()))?;
    sql::insert(tx, tenant, (&id, mail, sealed), app.clock.now()).await?;
    Ok(id)
}

/// Opens what [`enqueue`] sealed. None: it was sent, and is not kept.
pub fn open(app: &App, stored: &sql::Stored) -> Result<Option<Mail>, DbError> {
    if stored.message.is_empty() {
        return Ok(None);
    }
    let unreadable = |error: &dyn std::fmt::Display| {
        DbError::Other(format!("the mail {} cannot be read: {error}", stored.id))
    };
    let opened = app.sealer.open(label(&stored.tenant, &stored.id), &stored.message);
    let opened = opened.map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&opened).map(Some).map_err(|error| unreadable(&error))
}

fn label<'a>(tenant: &'a TenantId, id: &'a str) -> Label<'a> {
    Label { tenant: tenant.as_str(), kind: "mail", id }
}

fn variables(tenant: &Tenant, mut own: Map<String, Value>, language: &str) -> Map<String, Value> {
    let settings = tenant.settings();
    let setting = |name: &str| settings.get(name).cloned().filter(|value| value != "");
    let name = &tenant.stored.name;
    own.insert("tenant".to_owned(), json!(name));
    own.insert("friendly_name".to_owned(), setting("friendly_name").unwrap_or_else(|| json!(name)));
    own.insert("support_email".to_owned(), setting("support_email").unwrap_or_default());
    own.insert("support_url".to_owned(), setting("support_url").unwrap_or_default());
    own.insert("request_language".to_owned(), json!(language));
    own
}

/// The first of the senders that is one: the template's, the provider's, the operator's, one of the domain's.
fn sender_of(app: &App, tenant: &Tenant, of_template: String) -> String {
    let of_provider = tenant.kept.find(PROVIDER, "").and_then(|set| set.get("default_from_address"));
    let of_provider = of_provider.and_then(Value::as_str).map(str::to_owned);
    [Some(of_template), of_provider, app.mail.from.clone()]
        .into_iter()
        .flatten()
        .find(|sender| smtp::is_mailbox(sender))
        .unwrap_or_else(|| {
            let host = tenant.stored.domain.rsplit_once(':').map_or(&*tenant.stored.domain, |(host, _)| host);
            format!("no-reply@{host}")
        })
}

/// Breaks no header: what came from a user's name is one line.
fn one_line(text: &str) -> String {
    let spaced = text.replace(|character: char| character.is_control(), " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect()
}
