//! Answers that nobody asked for: the identity provider sends somebody who is signed in there (IdP-initiated).
//!
//! Only where the connection wants that, and always to the application that it names: what comes along from the other
//! side leads nowhere. Must never take an answer that says that somebody asked.

use axum::response::Response;
use chancery_oauth::client::Client;
use chancery_oauth::parameters::Parameters;
use chancery_saml::binding::post;
use serde_json::{Map, Value};

use super::judged;
use crate::connections::{self, Connection, Strategy, text};
use crate::federation::{Failed, accounts, refresh};
use crate::in_flight::upstream;
use crate::login::visit::Visit;

/// Whether an answer without a text of ours may be one that nobody asked for.
pub(in crate::federation) fn is_unasked(parameters: &Parameters) -> bool {
    parameters.value("SAMLResponse").is_some()
}

/// An answer without a text of ours.
pub(in crate::federation) struct Unasked {
    /// What came in the place of the text.
    pub(in crate::federation) relay_state: Option<String>,
    pub(in crate::federation) parameters: Parameters,
    /// Why that is no text of ours.
    pub(in crate::federation) why: &'static str,
}

/// Signs in whoever is sent, and goes on to the application.
pub(in crate::federation) async fn arrives(visit: Visit, name: &str, sent: Unasked) -> Response {
    let Unasked { relay_state, parameters, why } = sent;
    let found = connections::sql::find_by_name(&visit.app.db, visit.tenant.id(), name).await;
    let found = match found {
        Ok(found) => found.filter(|own| own.served() == Some(Strategy::Samlp)),
        Err(error) => return visit.broken(&error),
    };
    let Some(connection) = found else {
        return Failed::Stray("the answer came to the address of a connection that does not exist")
            .answer(&visit, None, None)
            .await;
    };
    let outcome = async {
        let options = connections::whole_options(&visit.app, visit.tenant.id(), &connection)?;
        if settings(&options).is_none() && relay_state.as_deref().is_some_and(upstream::looks_ours) {
            // The answer to a login that is over.
            return Err(Failed::Stray(why));
        }
        refresh::when_old(&visit, &connection);
        let target = Target::of(&visit, &connection, &options).await?;
        let received = post::decode(|name| parameters.value(name));
        let received = received.map_err(|error| Failed::Untrusted(error.to_string()))?;
        let profile = judged(&visit, (&connection, options), (received.xml, None)).await?;
        Ok::<_, Failed>((target, profile))
    };
    match outcome.await {
        Ok((target, profile)) => {
            let to = target.address(&connection, relay_state.as_deref());
            accounts::enter_unasked(visit, (&target.client, &to), &connection, profile).await
        }
        Err(failed) => failed.answer(&visit, None, Some(&connection)).await,
    }
}

/// The settings for answers that nobody asked for, where they are wanted.
fn settings(options: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let settings = options.get("idpinitiated").and_then(Value::as_object);
    settings.filter(|own| own.get("enabled") == Some(&Value::Bool(true)))
}

/// Where whoever comes unasked goes.
struct Target {
    client: std::sync::Arc<Client>,
    protocol: Protocol,
    /// What the administrator has added to the address.
    query: String,
}

enum Protocol {
    OpenIdConnect,
    Saml,
    WsFederation,
}

impl Target {
    async fn of(
        visit: &Visit,
        connection: &Connection,
        options: &Map<String, Value>,
    ) -> Result<Self, Failed> {
        const MISSING: &str = "Default App for IdP-Initiated is not configured. Make sure to configure that from connection settings.";
        let settings = settings(options).ok_or_else(|| Failed::Settings(MISSING.to_owned()))?;
        let client_id = text(settings, "client_id").ok_or_else(|| Failed::Settings(MISSING.to_owned()))?;
        let (app, tenant) = (&visit.app, visit.tenant.id());
        let client = app.memory.client(app, tenant, client_id).await?;
        let client = client.ok_or_else(|| {
            Failed::Settings("the application of idpinitiated.client_id does not exist".to_owned())
        })?;
        if connections::usable(app, tenant, client_id, &connection.name).await?.is_none() {
            return Err(Failed::Settings("the connection was disabled".to_owned()));
        }
        let protocol = match text(settings, "client_protocol") {
            Some("saml" | "samlp") => Protocol::Saml,
            Some("wsfed") => Protocol::WsFederation,
            _ => Protocol::OpenIdConnect,
        };
        let query = text(settings, "client_authorizequery").unwrap_or_default().to_owned();
        Ok(Self { client, protocol, query })
    }

    /// The address of our own endpoint, which finds the user signed in and answers the application.
    fn address(&self, connection: &Connection, relay_state: Option<&str>) -> String {
        let own = form_urlencoded::parse(self.query.trim_start_matches('?').as_bytes()).into_owned();
        // What names the application and the way is ours to say.
        let mut query: Vec<(String, String)> =
            own.filter(|(name, _)| name != "client_id" && name != "connection").collect();
        let mut put = |name: &str, value: &str| {
            if !query.iter().any(|(own, _)| own == name) {
                query.push((name.to_owned(), value.to_owned()));
            }
        };
        let path = match self.protocol {
            Protocol::OpenIdConnect => {
                put("client_id", &self.client.id);
                put("connection", &connection.name);
                put("response_type", "code");
                put("scope", "openid profile email");
                if let Some(first) = self.client.callbacks.first() {
                    put("redirect_uri", first);
                }
                "/authorize".to_owned()
            }
            Protocol::Saml => {
                put("connection", &connection.name);
                if let Some(state) = relay_state {
                    put("RelayState", state);
                }
                format!("/samlp/{}", self.client.id)
            }
            Protocol::WsFederation => {
                put("wa", "wsignin1.0");
                put("whr", &connection.name);
                format!("/wsfed/{}", self.client.id)
            }
        };
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("{path}?{query}")
    }
}
