//! Programs that act for themselves: a token by client credentials, and an API that verifies it.
//!
//! Access tokens are signed as their API says, whatever the application's own algorithm is; that one is about ID
//! tokens, and there are none here. So the code verifies with the published keys, and a step tells of HS256.

use super::{App, Quickstart, Step};
use crate::dashboard::snippets::quote::{javascript, python as python_text, shell};

pub(super) fn curl(app: &App<'_>) -> Quickstart {
    let data = |name: &str, value: &str| format!("--data-urlencode {}", shell(&format!("{name}={value}")));
    let ask = [
        format!("curl --url {}", shell(&app.endpoint("oauth/token"))),
        data("grant_type", "client_credentials"),
        data("client_id", app.client_id),
        "--data-urlencode \"client_secret=$CLIENT_SECRET\"".to_owned(),
        data("audience", app.audience()),
    ];
    let steps = vec![
        authorized(app),
        app.secret(),
        Step::command(format!("Ask for a token.{}", app.trust("--cacert")), ask.join(" \\\n  ") + "\n"),
        Step::command(
            "Call the API with access_token of the answer. This is the address of the API that the other \
             quickstarts make.",
            "curl --url 'http://localhost:3001/' --header 'authorization: Bearer THE_ACCESS_TOKEN'\n"
                .to_owned(),
        ),
    ];
    Quickstart { title: "Token by client credentials", language: "cURL", id: "machine-curl", steps }
}

pub(super) fn node(app: &App<'_>) -> Quickstart {
    let steps = vec![
        authorized(app),
        Step::command(
            "Make a folder for the API and install the library that verifies tokens. Node.js 20 or newer is needed.",
            "mkdir api && cd api\nnpm init --yes\nnpm install jose@6\n".to_owned(),
        ),
        Step::file("api.mjs", "The API. It lets in who has a token for it.", node_api(app)),
        symmetric(
            app,
            "const keys = new TextEncoder().encode(process.env.SIGNING_SECRET);\nconst algorithms = ['HS256'];\n",
        ),
        Step::command(format!("Start it.{}", app.trust("NODE_EXTRA_CA_CERTS")), "node api.mjs\n".to_owned()),
        Step::file("call.mjs", "The program that calls it. It needs no library.", node_call(app)),
        app.secret(),
        Step::command("Run it, in another terminal.", "node call.mjs\n".to_owned()),
    ];
    Quickstart { title: "Program that calls an API", language: "Node.js", id: "machine-node", steps }
}

fn node_api(app: &App<'_>) -> String {
    format!(
        "import {{ createServer }} from 'node:http';
import {{ createRemoteJWKSet, jwtVerify }} from 'jose';

const issuer = {issuer};
const audience = {audience};
const keys = createRemoteJWKSet(new URL('.well-known/jwks.json', issuer)); // fetched when needed, and kept
const algorithms = ['RS256'];

createServer(async (request, response) => {{
  const [, token = ''] = /^Bearer (\\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  let status = 200;
  let body;
  try {{
    const {{ payload }} = await jwtVerify(token, keys, {{ issuer, audience, algorithms }});
    body = {{ caller: payload.sub, scope: payload.scope }};
  }} catch (error) {{
    status = 401;
    body = {{ error: 'invalid_token', error_description: error.message }};
  }}
  response.writeHead(status, {{ 'content-type': 'application/json' }}).end(JSON.stringify(body));
}}).listen(3001, 'localhost');
",
        issuer = javascript(app.issuer),
        audience = javascript(app.audience()),
    )
}

fn node_call(app: &App<'_>) -> String {
    format!(
        "const answer = await fetch({endpoint}, {{
  method: 'POST',
  body: new URLSearchParams({{
    grant_type: 'client_credentials',
    client_id: {client_id},
    client_secret: process.env.CLIENT_SECRET,
    audience: {audience},
  }}),
}});
const {{ access_token, error, error_description }} = await answer.json();
if (error) throw new Error(`${{error}}: ${{error_description}}`);

// The same token is good for many calls, until it expires.
const response = await fetch('http://localhost:3001/', {{
  headers: {{ authorization: `Bearer ${{access_token}}` }},
}});
console.log(response.status, await response.text());
",
        endpoint = javascript(&app.endpoint("oauth/token")),
        client_id = javascript(app.client_id),
        audience = javascript(app.audience()),
    )
}

pub(super) fn python(app: &App<'_>) -> Quickstart {
    let steps = vec![
        authorized(app),
        Step::command(
            "Make a folder and install Flask, the library that verifies tokens, and one for requests.",
            "mkdir api && cd api\npython3 -m venv venv\nvenv/bin/pip install Flask 'PyJWT[crypto]' requests\n"
                .to_owned(),
        ),
        Step::file("api.py", "The API. It lets in who has a token for it.", python_api(app)),
        symmetric(
            app,
            "import os\n\nclaims = jwt.decode(\n    token, os.environ[\"SIGNING_SECRET\"], algorithms=[\"HS256\"],
    audience=AUDIENCE, issuer=ISSUER)\n",
        ),
        Step::command(
            format!("Start it.{}", app.trust("SSL_CERT_FILE")),
            "venv/bin/python api.py\n".to_owned(),
        ),
        Step::file("call.py", "The program that calls it.", python_call(app)),
        app.secret(),
        Step::command(
            format!("Run it, in another terminal.{}", app.trust("REQUESTS_CA_BUNDLE")),
            "venv/bin/python call.py\n".to_owned(),
        ),
    ];
    Quickstart { title: "Program that calls an API", language: "Python", id: "machine-python", steps }
}

fn python_api(app: &App<'_>) -> String {
    format!(
        "import jwt
from flask import Flask, request

ISSUER = {issuer}
AUDIENCE = {audience}

app = Flask(__name__)
keys = jwt.PyJWKClient(ISSUER + \".well-known/jwks.json\")  # fetched when needed, and kept


@app.get(\"/\")
def home():
    kind, _, token = request.headers.get(\"authorization\", \"\").partition(\" \")
    if kind.lower() != \"bearer\":
        return {{\"error\": \"invalid_token\"}}, 401
    try:
        key = keys.get_signing_key_from_jwt(token).key
        claims = jwt.decode(token, key, algorithms=[\"RS256\"], audience=AUDIENCE, issuer=ISSUER)
    except jwt.PyJWTError as error:
        return {{\"error\": \"invalid_token\", \"error_description\": str(error)}}, 401
    return {{\"caller\": claims[\"sub\"], \"scope\": claims.get(\"scope\")}}


app.run(\"localhost\", 3001)
",
        issuer = python_text(app.issuer),
        audience = python_text(app.audience()),
    )
}

fn python_call(app: &App<'_>) -> String {
    format!(
        "import os

import requests

answer = requests.post({endpoint}, timeout=10, data={{
    \"grant_type\": \"client_credentials\",
    \"client_id\": {client_id},
    \"client_secret\": os.environ[\"CLIENT_SECRET\"],
    \"audience\": {audience},
}})
answer.raise_for_status()

# The same token is good for many calls, until it expires.
token = answer.json()[\"access_token\"]
response = requests.get(\"http://localhost:3001/\", timeout=10, headers={{\"authorization\": f\"Bearer {{token}}\"}})
print(response.status_code, response.text)
",
        endpoint = python_text(&app.endpoint("oauth/token")),
        client_id = python_text(app.client_id),
        audience = python_text(app.audience()),
    )
}

fn authorized(app: &App<'_>) -> Step {
    let which = match app.audience {
        Some(audience) => format!("the API {audience}"),
        None => "an API, and put its identifier in the place of YOUR_API_IDENTIFIER".to_owned(),
    };
    Step::text(format!("Authorize this application for {which}, with the scopes that it needs."))
}

fn symmetric(app: &App<'_>, code: &str) -> Step {
    let own = if app.alg == "HS256" {
        "That this application is set to HS256 concerns ID tokens, whose key is the client secret. It gets none \
         here. "
    } else {
        ""
    };
    let text = format!(
        "{own}Access tokens are signed as their API says. If that is HS256 too, the signing secret of the API is \
         the key, instead of the published keys. Then verify like this."
    );
    Step::excerpt(text, code.to_owned())
}
