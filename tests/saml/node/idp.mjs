// An identity provider as a stranger would write it on the library samlp: whoever comes is Lin, after a click.
import fs from 'node:fs';
import express from 'express';
import samlp from 'samlp';
import { page, user } from './person.mjs';

const { PORT, KEY_FILE, CERTIFICATE_FILE, ACS } = process.env;
const [key, cert] = [fs.readFileSync(KEY_FILE), fs.readFileSync(CERTIFICATE_FILE)];
const issuer = 'urn:samlp-npm';

const app = express();
app.use(express.urlencoded({ extended: false }));
app.get('/healthz', (_, response) => response.send('ok'));
app.get('/metadata', samlp.metadata({ issuer, cert, redirectEndpointPath: '/sso', postEndpointPath: '/sso' }));
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
