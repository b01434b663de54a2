//! Applications that live in the browser and have no secret: plain JavaScript, and React.
//!
//! Vite serves both: it finds installed libraries for the browser, and answers every path with the one page.

use super::local::Local;
use super::{App, Quickstart, Step};
use crate::dashboard::snippets::quote::javascript as text;

pub(super) fn javascript(app: &App<'_>) -> Quickstart {
    let local = Local::of(app, "/");
    let mut steps = before(app, &local);
    steps.push(Step::command(
        "Make a folder and install the library that signs people in, and a server for development.",
        "mkdir spa && cd spa\nnpm init --yes\nnpm install @auth0/auth0-spa-js@2\nnpm install --save-dev vite\n"
            .to_owned(),
    ));
    steps.push(Step::file("index.html", "The page.", PAGE.to_owned()));
    steps.push(Step::file("main.js", "The whole application.", main_js(app, &local)));
    steps.extend(app.audience.map(|_| Step::excerpt(
        "Call your API with an access token for it.",
        "const token = await client.getTokenSilently();\nawait fetch('https://YOUR_API', { headers: { authorization: `Bearer ${token}` } });\n".to_owned(),
    )));
    steps.extend(after(&local));
    Quickstart { title: "Single-page application", language: "JavaScript", id: "spa-javascript", steps }
}

pub(super) fn react(app: &App<'_>) -> Quickstart {
    let local = Local::of(app, "/");
    let mut steps = before(app, &local);
    steps.push(Step::command(
        "Make a folder and install React, the library that signs people in, and a server for development.",
        "mkdir spa && cd spa\nnpm init --yes\nnpm install react react-dom @auth0/auth0-react@2
npm install --save-dev vite @vitejs/plugin-react\n"
            .to_owned(),
    ));
    steps.push(Step::file("vite.config.mjs", "How the server reads JSX.", VITE.to_owned()));
    steps.push(Step::file("index.html", "The page.", REACT_PAGE.to_owned()));
    steps.push(Step::file("main.jsx", "The whole application.", main_jsx(app, &local)));
    steps.extend(app.audience.map(|_| Step::excerpt(
        "Call your API from a component with an access token for it.",
        "const { getAccessTokenSilently } = useAuth0();\nconst token = await getAccessTokenSilently();\nawait fetch('https://YOUR_API', { headers: { authorization: `Bearer ${token}` } });\n".to_owned(),
    )));
    steps.extend(after(&local));
    Quickstart { title: "Single-page application with React", language: "JavaScript", id: "spa-react", steps }
}

fn before(app: &App<'_>, local: &Local) -> Vec<Step> {
    let mut steps = Vec::new();
    if app.alg != "RS256" {
        steps.push(Step::text(format!(
            "Set the signing algorithm of this application to RS256 first. It is {}, and the library takes no ID \
             tokens but those with RS256: a browser cannot keep the secret that verifies HS256.",
            app.alg
        )));
    }
    steps.extend(local.steps(app, true));
    steps
}

fn after(local: &Local) -> [Step; 2] {
    [
        Step::command("Start it.", format!("npx vite --port {} --strictPort\n", local.port)),
        Step::address("Open the application and sign in.", &local.origin),
    ]
}

/// The library assumes https for a bare domain.
fn domain(app: &App<'_>) -> String {
    let scheme = if app.issuer.starts_with("http://") { "http://" } else { "" };
    text(&format!("{scheme}{}", app.domain))
}

fn audience(app: &App<'_>, indent: &str) -> String {
    app.audience.map(|audience| format!("{indent}audience: {},\n", text(audience))).unwrap_or_default()
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Single-page application</title>
<button id="login" hidden>Sign in</button>
<button id="logout" hidden>Sign out</button>
<pre id="user"></pre>
<script type="module" src="/main.js"></script>
</html>
"#;

const REACT_PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Single-page application</title>
<div id="root"></div>
<script type="module" src="/main.jsx"></script>
</html>
"#;

const VITE: &str = "import react from '@vitejs/plugin-react';

export default { plugins: [react()] };
";

fn main_js(app: &App<'_>, local: &Local) -> String {
    format!(
        "import {{ createAuth0Client }} from '@auth0/auth0-spa-js';

const client = await createAuth0Client({{
  domain: {domain},
  clientId: {client_id},
  authorizationParams: {{
    redirect_uri: {callback},
{audience}  }},
}});

// People come back from signing in with a code, or with an error.
const answer = new URLSearchParams(location.search);
if (answer.has('state') && (answer.has('code') || answer.has('error'))) {{
  try {{
    await client.handleRedirectCallback();
  }} catch (error) {{
    document.querySelector('#user').textContent = error.message;
  }}
  history.replaceState(null, '', '/');
}}

const user = await client.getUser();
const login = document.querySelector('#login');
const logout = document.querySelector('#logout');
login.hidden = Boolean(user);
logout.hidden = !user;
login.onclick = () => client.loginWithRedirect();
logout.onclick = () => client.logout({{ logoutParams: {{ returnTo: location.origin }} }});
if (user) document.querySelector('#user').textContent = JSON.stringify(user, null, 2);
",
        domain = domain(app),
        client_id = text(app.client_id),
        callback = text(&local.callback()),
        audience = audience(app, "    "),
    )
}

fn main_jsx(app: &App<'_>, local: &Local) -> String {
    format!(
        "import {{ createRoot }} from 'react-dom/client';
import {{ Auth0Provider, useAuth0 }} from '@auth0/auth0-react';

const parameters = {{
  redirect_uri: {callback},
{audience}}};

function Account() {{
  const {{ error, isLoading, user, loginWithRedirect, logout }} = useAuth0();
  if (isLoading) return null;
  if (error) return <p>{{error.message}}</p>;
  if (!user) return <button onClick={{() => loginWithRedirect()}}>Sign in</button>;
  return (
    <>
      <button onClick={{() => logout({{ logoutParams: {{ returnTo: location.origin }} }})}}>Sign out</button>
      <pre>{{JSON.stringify(user, null, 2)}}</pre>
    </>
  );
}}

createRoot(document.getElementById('root')).render(
  <Auth0Provider domain={{{domain}}} clientId={{{client_id}}} authorizationParams={{parameters}}>
    <Account />
  </Auth0Provider>,
);
",
        domain = domain(app),
        client_id = text(app.client_id),
        callback = text(&local.callback()),
        audience = audience(app, "  "),
    )
}
