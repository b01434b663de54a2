// The signing keys over the Management API with Node's own fetch. Reads ISSUER and TOKEN; for TLS the
// authority comes from NODE_EXTRA_CA_CERTS.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';

const { ISSUER, TOKEN } = process.env;

async function call(method, path, status) {
  const response = await fetch(`${ISSUER}api/v2/${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(response.status, status, `${method} ${path}`);
  assert.match(response.headers.get('content-type'), /^application\/json/);
  return response.json();
}

const keys = await call('GET', 'keys/signing', 200);
assert.ok(Array.isArray(keys));
const [current, ...others] = keys.filter((key) => key.current);
const [next, ...more] = keys.filter((key) => key.next);
assert.deepEqual([others.length, more.length], [0, 0]);
for (const key of keys) {
  assert.equal(new X509Certificate(key.cert).fingerprint, key.fingerprint);
}

const rotated = await call('POST', 'keys/signing/rotate', 201);
assert.deepEqual(Object.keys(rotated).sort(), ['cert', 'kid']);
assert.ok(!keys.some((key) => key.kid === rotated.kid));
assert.equal((await call('GET', `keys/signing/${next.kid}`, 200)).current, true);

const revoked = await call('PUT', `keys/signing/${current.kid}/revoke`, 200);
assert.deepEqual([Object.keys(revoked).sort(), revoked.kid, revoked.cert], [['cert', 'kid'], current.kid, current.cert]);
