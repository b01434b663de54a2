// A web application whose users sign in with Chancery, by Auth0's own library for Express.
import { fileURLToPath } from 'node:url';
import express from 'express';
import openid from 'express-openid-connect';
import { register } from './chancery.mjs';
import { problem, signedIn, signedOut, whoAmI } from './page.mjs';

const port = Number(process.env.PORT ?? 3000);
const url = `http://localhost:${port}`;
const { issuer, clientId, clientSecret } = await register(url, process.argv.slice(2)).catch((error) => {
  console.error(error.stderr ? 'Is Chancery running? Start it in another terminal: cargo run --release -- serve' : error.message);
  process.exit(1);
});

const app = express();
app.disable('x-powered-by');
app.get('/style.css', (request, response) => response.sendFile(fileURLToPath(new URL('style.css', import.meta.url))));

// Adds /login, /callback and /logout.
app.use(openid.auth({
  issuerBaseURL: issuer,
  baseURL: url,
  clientID: clientId,
  clientSecret,
  secret: clientSecret, // encrypts the cookie that holds the session
  authRequired: false,
  idpLogout: true,
  authorizationParams: { response_type: 'code', scope: 'openid profile email' },
}));

app.get('/', ({ oidc }, response) => {
  response.send(oidc.isAuthenticated() ? signedIn(oidc.idTokenClaims) : signedOut());
});

app.get('/signup', (request, response) => response.oidc.login({ returnTo: '/', authorizationParams: { screen_hint: 'signup' } }));

app.get('/me', openid.requiresAuth(), async ({ oidc }, response) => {
  response.send(whoAmI(await oidc.fetchUserInfo()));
});

app.post('/password', openid.requiresAuth(), async ({ oidc }, response) => {
  const asked = await fetch(`${issuer}dbconnections/change_password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: clientId, email: oidc.user.email, connection: 'Username-Password-Authentication' }),
  });
  if (!asked.ok) throw new Error(`Chancery sent no mail: status ${asked.status}`);
  response.send(signedIn(oidc.idTokenClaims, await asked.text()));
});

app.use((error, request, response, next) => {
  response.status(error.status ?? 500).send(problem(error.error_description ?? error.message));
});

app.listen(port, 'localhost', (error) => {
  if (error) {
    console.error(`Cannot listen on ${url} (${error.code}). Choose another port: PORT=3001 examples/web-app/start`);
    process.exit(1);
  }
  console.log(`The sample application runs at ${url} and signs in at ${issuer}`);
});
