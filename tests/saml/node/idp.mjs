// An identity provider as a stranger would write it on the library samlp: whoever comes is Lin, after a click.
import fs from 'node:fs';
import express from 'express';
import samlp from 'samlp';

const { PORT, KEY_FILE, CERTIFICATE_FILE, ACS } = process.env;
const [key, cert] = [fs.readFileSync(KEY_FILE), fs.readFileSync(CERTIFICATE_FILE)];
const issuer = 'urn:samlp-npm';
const user = {
  id: 'lin',
  displayName: 'Lin of Corp',
  name: { givenName: 'Lin', familyName: 'Corp' },
  emails: [{ value: 'lin@corp.example' }],
};

const app = express();
app.use(express.urlencoded({ extended: false }));
app.get('/healthz', (_, response) => response.send('ok'));
app.get('/metadata', samlp.metadata({ issuer, cert, redirectEndpointPath: '/sso', postEndpointPath: '/sso' }));
// The page of a login. What is asked goes on with the form.
const page = (request, response) => {
  const fields = Object.entries({ ...request.query, ...request.body });
  const escaped = (text) => String(text).replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
  const inputs = fields.map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  const method = request.method === 'GET' ? 'get' : 'post';
  response.send(`<!doctype html><title>npm samlp</title><form method="${method}" action="/signed-in">${inputs.join('')}` +
    '<button>Sign in as Lin</button></form>');
};
app.get('/sso', page);
app.post('/sso', page);
const answer = samlp.auth({
  issuer,
  cert,
  key,
  // Left out, the library puts the audience there.
  recipient: ACS,
  destination: ACS,
  sessionIndex: '_npm',
  getPostURL: (_audience, _document, _request, callback) => callback(null, ACS),
  getUserFromRequest: () => user,
});
app.get('/signed-in', answer);
app.post('/signed-in', answer);
// What nobody asked for.
app.get('/unasked', samlp.auth({
  issuer,
  cert,
  key,
  audience: process.env.AUDIENCE,
  recipient: ACS,
  destination: ACS,
  RelayState: 'https://elsewhere.example/',
  getPostURL: (_audience, _document, _request, callback) => callback(null, ACS),
  getUserFromRequest: () => user,
}));
app.listen(Number(PORT), '127.0.0.1');
