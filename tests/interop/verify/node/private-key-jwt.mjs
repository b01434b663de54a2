// Client authentication with private_key_jwt (RFC 7523), the assertions made by jose. Reads ISSUER and TOKEN, a
// Management API token that may make applications. Ends with 0 if everything is as it should be.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SignJWT, exportSPKI, generateKeyPair } from 'jose';

const { ISSUER, TOKEN } = process.env;
const audience = `${ISSUER}api/v2/`;

async function manage(method, path, body, status) {
  const response = await fetch(`${ISSUER}api/v2/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, status, `${method} ${path}: ${text}`);
  return text && JSON.parse(text);
}

async function ask(parameters) {
  const response = await fetch(`${ISSUER}oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', audience, ...parameters }),
  });
  return { status: response.status, body: await response.json() };
}

const bearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const present = (assertion) => ask({ client_assertion_type: bearer, client_assertion: assertion });

for (const alg of ['RS256', 'RS384', 'PS256']) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { modulusLength: 2048, extractable: true });
  const stranger = await generateKeyPair(alg, { modulusLength: 2048 });
  const app = await manage('POST', 'clients', {
    name: `private_key_jwt ${alg}`,
    app_type: 'non_interactive',
    grant_types: ['client_credentials'],
    client_authentication_methods: {
      private_key_jwt: { credentials: [{ credential_type: 'public_key', pem: await exportSPKI(publicKey), alg }] },
    },
  }, 201);
  const id = app.client_id;
  await manage('POST', 'client-grants', { client_id: id, audience, scope: ['read:clients'] }, 201);
  const [{ id: credential }] = app.client_authentication_methods.private_key_jwt.credentials;
  const { kid } = await manage('GET', `clients/${id}/credentials/${credential}`, undefined, 200);

  const sign = ({ header = {}, claims = {}, key = privateKey, seconds = 60 } = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: id, sub: id, aud: ISSUER, iat: now, exp: now + seconds, jti: randomUUID(), ...claims };
    return new SignJWT(all).setProtectedHeader({ alg, ...header }).sign(key);
  };

  const good = await sign({ header: { kid } });
  const first = await present(good);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.equal(first.body.scope, 'read:clients');
  const listed = await fetch(`${audience}clients`, { headers: { authorization: `Bearer ${first.body.access_token}` } });
  assert.equal(listed.status, 200);
  assert.equal((await present(await sign())).status, 200, 'without kid');
  assert.equal((await present(await sign({ claims: { aud: `${ISSUER}oauth/token` } }))).status, 200, 'aud is the endpoint');

  const now = Math.floor(Date.now() / 1000);
  const refused = {
    'used before': good,
    'another key': await sign({ key: stranger.privateKey }),
    'another kid': await sign({ header: { kid: 'somebody-else-entirely' } }),
    'another audience': await sign({ claims: { aud: 'https://other.example/' } }),
    'two audiences': await sign({ claims: { aud: [ISSUER, 'https://other.example/'] } }),
    'another issuer': await sign({ claims: { iss: 'somebody' } }),
    'another subject': await sign({ claims: { sub: 'somebody' } }),
    'no jti': await sign({ claims: { jti: undefined } }),
    'no exp': await sign({ claims: { exp: undefined } }),
    'lives too long': await sign({ seconds: 3600 }),
    'expired': await sign({ claims: { iat: now - 120, exp: now - 60 } }),
    'of the future': await sign({ claims: { iat: now + 60, nbf: now + 60, exp: now + 120 } }),
    'an access token': await sign({ header: { typ: 'at+jwt' } }),
    'too long': await sign({ claims: { more: 'x'.repeat(2000) } }),
    'unsigned': `${btoa('{"alg":"none"}').replaceAll('=', '')}.${good.split('.')[1]}.`,
    'cut off': good.slice(0, -10),
  };
  for (const [what, assertion] of Object.entries(refused)) {
    const { status, body } = await present(assertion);
    assert.ok(status === 401 || status === 400, `${alg}, ${what}: ${status} ${JSON.stringify(body)}`);
    assert.ok(body.error && !body.access_token, what);
  }
  // A shared secret proves nothing for this application, and two proofs at once are none.
  assert.equal((await ask({ client_id: id, client_secret: 'x'.repeat(64) })).status, 401);
  const both = await ask({ client_id: id, client_secret: 'x'.repeat(64), client_assertion_type: bearer, client_assertion: await sign() });
  assert.equal(both.status, 400, JSON.stringify(both.body));
  await manage('DELETE', `clients/${id}`, undefined, 204);
  assert.equal((await present(await sign())).status, 401, 'the application is gone');
}
