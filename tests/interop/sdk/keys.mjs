// The life of a signing key with Auth0's own SDK for Node. Reads DOMAIN, CLIENT_ID and CLIENT_SECRET; the
// authority for TLS comes from NODE_EXTRA_CA_CERTS.
import assert from 'node:assert/strict';
import { ManagementClient } from 'auth0';

const { DOMAIN: domain, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = process.env;
const client = () => new ManagementClient({ domain, clientId, clientSecret, maxRetries: 0 });
const refuses = (promise, status) => assert.rejects(promise, (error) => error.statusCode === status || assert.fail(error));

// A client keeps its token; this one's is signed with the key that is revoked below.
const first = client();
const keys = await first.keys.signing.list();
const [current] = keys.filter((key) => key.current);
const [next] = keys.filter((key) => key.next);
assert.deepEqual(await first.keys.signing.get(current.kid), current);

const rotated = await first.keys.signing.rotate();
assert.ok(rotated.cert && !keys.some((key) => key.kid === rotated.kid));
const listed = Object.fromEntries((await first.keys.signing.list()).map((key) => [key.kid, key]));
assert.ok(listed[current.kid].previous && listed[next.kid].current && listed[rotated.kid].next);
assert.equal(listed[current.kid].current_since, current.current_since);

const second = client();
await refuses(second.keys.signing.revoke(next.kid), 400);
await refuses(second.keys.signing.revoke(rotated.kid), 400);
await refuses(second.keys.signing.revoke('no-such-kid-no-such-k'), 404);
assert.deepEqual(await second.keys.signing.revoke(current.kid), { cert: current.cert, kid: current.kid });
await refuses(second.keys.signing.revoke(current.kid), 400);
const gone = await second.keys.signing.get(current.kid);
assert.ok(gone.revoked && gone.revoked_at);
// What the revoked key signed opens nothing any more.
await refuses(first.keys.signing.list(), 401);

// A script that rotates and revokes with one client, whose token is of the key that it revokes, can go on.
const third = client();
const [own] = (await third.keys.signing.list()).filter((key) => key.current);
await third.keys.signing.rotate();
await third.keys.signing.revoke(own.kid);
assert.ok((await third.keys.signing.get(own.kid)).revoked);
