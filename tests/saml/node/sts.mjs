// A token service of WS-Federation as a stranger would write it on the library wsfed: whoever comes is Lin, after a click.
import fs from 'node:fs';
import express from 'express';
import wsfed from 'wsfed';
import { page, user } from './person.mjs';

const { PORT, KEY_FILE, CERTIFICATE_FILE, CALLBACK } = process.env;
const [key, cert] = [fs.readFileSync(KEY_FILE), fs.readFileSync(CERTIFICATE_FILE)];
const issuer = 'urn:wsfed-npm';

const app = express();
app.get('/healthz', (_, response) => response.send('ok'));
app.get('/FederationMetadata/2007-06/FederationMetadata.xml', wsfed.metadata({ issuer, cert, endpointPath: '/wsfed' }));
app.get('/wsfed', page);
app.get('/signed-in', wsfed.auth({
  issuer,
  cert,
  key,
  getPostURL: (_realm, _reply, _request, callback) => callback(null, CALLBACK),
  getUserFromRequest: () => user,
}));
app.listen(Number(PORT), '127.0.0.1');
