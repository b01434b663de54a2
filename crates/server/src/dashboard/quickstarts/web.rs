//! Web applications with a server of their own, which keeps the secret: Express, and Flask.
//!
//! The libraries are the ones that `examples/web-app` and `tests/people` sign in with.

use super::local::Local;
use super::{App, Quickstart, Step};
use crate::dashboard::snippets::quote::{javascript, python as python_text};

pub(super) fn node(app: &App<'_>) -> Quickstart {
    let local = Local::of(app, "/callback");
    let mut steps = local.steps(app, false);
    steps.push(Step::command(
        "Make a folder and install Express, and the library that signs people in. Node.js 20 or newer is needed.",
        "mkdir web-app && cd web-app\nnpm init --yes\nnpm install express@5 express-openid-connect@3\n".to_owned(),
    ));
    steps.push(Step::file("server.mjs", "The whole application.", server(app, &local)));
    steps.extend(symmetric(app, "The library is told so by idTokenSigningAlg."));
    steps.push(app.secret());
    let start = format!("Start it.{}", app.trust("NODE_EXTRA_CA_CERTS"));
    steps.push(Step::command(
        start,
        "export SESSION_SECRET=$(openssl rand -hex 32)\nnode server.mjs\n".to_owned(),
    ));
    steps.push(Step::address("Open the application and sign in.", &local.origin));
    Quickstart { title: "Web application with Express", language: "Node.js", id: "web-node", steps }
}

fn server(app: &App<'_>, local: &Local) -> String {
    let audience = app.audience.map(|audience| format!(", audience: {}", javascript(audience)));
    let alg = (app.alg != "RS256").then(|| format!("  idTokenSigningAlg: {},\n", javascript(app.alg)));
    let route = (local.path != "/callback")
        .then(|| format!("  routes: {{ callback: {} }},\n", javascript(&local.path)));
    format!(
        "import express from 'express';
import openid from 'express-openid-connect';

const app = express();

// Adds /login, /logout and {path}.
app.use(openid.auth({{
  issuerBaseURL: {issuer},
  baseURL: {base},
  clientID: {client_id},
  clientSecret: process.env.CLIENT_SECRET,
  secret: process.env.SESSION_SECRET, // encrypts the cookie that holds the session
{alg}{route}  authRequired: false,
  idpLogout: true,
  authorizationParams: {{ response_type: 'code', scope: 'openid profile email'{audience} }},
}}));

app.get('/', ({{ oidc }}, response) => {{
  response.send(oidc.isAuthenticated()
    ? '<a href=\"/me\">Who am I?</a> <a href=\"/logout\">Sign out</a>'
    : '<a href=\"/login\">Sign in</a>');
}});

app.get('/me', openid.requiresAuth(), ({{ oidc }}, response) => {{
  response.json(oidc.user);
}});

app.listen({port}, () => console.log('Open', {base}));
",
        path = local.path,
        issuer = javascript(app.issuer),
        base = javascript(&local.origin),
        client_id = javascript(app.client_id),
        alg = alg.unwrap_or_default(),
        route = route.unwrap_or_default(),
        audience = audience.unwrap_or_default(),
        port = local.port,
    )
}

pub(super) fn python(app: &App<'_>) -> Quickstart {
    let local = Local::of(app, "/callback");
    let mut steps = local.steps(app, false);
    steps.push(Step::command(
        "Make a folder and install Flask, and the library that signs people in.",
        "mkdir web-app && cd web-app\npython3 -m venv venv\nvenv/bin/pip install Flask Authlib requests\n"
            .to_owned(),
    ));
    steps.push(Step::file("app.py", "The whole application.", flask(app, &local)));
    steps.extend(symmetric(app, "The library is given the secret as a key set."));
    steps.push(app.secret());
    steps.push(Step::command(
        format!("Start it.{}", app.trust("REQUESTS_CA_BUNDLE")),
        "export SESSION_SECRET=$(openssl rand -hex 32)\nvenv/bin/python app.py\n".to_owned(),
    ));
    steps.push(Step::address("Open the application and sign in.", &local.origin));
    Quickstart { title: "Web application with Flask", language: "Python", id: "web-python", steps }
}

fn flask(app: &App<'_>, local: &Local) -> String {
    let (import, key) = if app.alg == "HS256" {
        let key = "\
    # The secret is the key of the ID tokens; the library takes keys only as a set.
    jwks={\"keys\": [{
        \"kty\": \"oct\",
        \"k\": base64.urlsafe_b64encode(os.environ[\"CLIENT_SECRET\"].encode()).decode().rstrip(\"=\"),
    }]},
";
        ("import base64\n", key)
    } else {
        ("", "")
    };
    let audience = app
        .audience
        .map(|audience| format!("    authorize_params={{\"audience\": {}}},\n", python_text(audience)))
        .unwrap_or_default();
    let host = local.origin.trim_start_matches("http://").split(':').next().unwrap_or("localhost");
    format!(
        "{import}import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session

HOME = {home}

app = Flask(__name__)
app.secret_key = os.environ[\"SESSION_SECRET\"]  # signs the cookie that holds the session
provider = OAuth(app).register(
    \"provider\",
    client_id={client_id},
    client_secret=os.environ[\"CLIENT_SECRET\"],
    server_metadata_url={metadata},
{audience}    client_kwargs={{\"scope\": \"openid profile email\", \"code_challenge_method\": \"S256\"}},
{key})


@app.get(\"/\")
def home():
    if \"user\" in session:
        return '<a href=\"/me\">Who am I?</a> <a href=\"/logout\">Sign out</a>'
    return '<a href=\"/login\">Sign in</a>'


@app.get(\"/login\")
def login():
    return provider.authorize_redirect(HOME + {path})


@app.get({path})
def callback():
    answer = provider.authorize_access_token()
    session[\"user\"] = answer[\"userinfo\"]
    session[\"id_token\"] = answer[\"id_token\"]
    return redirect(\"/\")


@app.get(\"/me\")
def me():
    return session[\"user\"] if \"user\" in session else redirect(\"/login\")


@app.get(\"/logout\")
def logout():
    id_token = session.get(\"id_token\")
    session.clear()
    return provider.logout_redirect(HOME, id_token_hint=id_token) if id_token else redirect(\"/\")


app.run({host}, {port})
",
        home = python_text(&local.origin),
        client_id = python_text(app.client_id),
        metadata = python_text(&app.endpoint(".well-known/openid-configuration")),
        path = python_text(&local.path),
        host = python_text(host),
        port = local.port,
    )
}

/// What is different if ID tokens are signed with the secret.
fn symmetric(app: &App<'_>, library: &str) -> Option<Step> {
    (app.alg == "HS256").then(|| {
        Step::text(format!(
            "ID tokens of this application are signed with HS256: the client secret is the key that verifies them, \
             not a key of {}. {library} Whoever has the secret can also make such tokens, so it never leaves the \
             server. With RS256 there is nothing to keep secret for this.",
            app.endpoint(".well-known/jwks.json")
        ))
    })
}
