// What the sample application has to know of Chancery: where it is, and the application that it signs in with.
// The application is made through the Management API if it is not there yet.
import { execFileSync } from 'node:child_process';

const NAME = 'Sample web application';
const SCOPES = ['read:clients', 'read:client_keys', 'create:clients', 'update:clients'];

/** Registers what is served at `url`; answers the issuer, the client id and the client secret. */
export async function register(url, flags) {
  const chancery = (...words) => execFileSync(process.env.CHANCERY, [...words, ...flags], { encoding: 'utf8' });
  const [{ issuer }] = JSON.parse(chancery('tenants', 'list', '--json'));
  await mustAnswer(issuer);

  const token = chancery('token', ...SCOPES.flatMap((scope) => ['--scope', scope])).trim();
  const wanted = {
    name: NAME,
    app_type: 'regular_web',
    oidc_conformant: true,
    grant_types: ['authorization_code'],
    jwt_configuration: { alg: 'RS256' },
    callbacks: [`${url}/callback`],
    allowed_logout_urls: [url],
  };
  const known = await find();
  const client = known
    ? await call('PATCH', `clients/${known.client_id}`, wanted)
    : await call('POST', 'clients', wanted);
  return { issuer, clientId: client.client_id, clientSecret: client.client_secret };

  async function find() {
    for (let page = 0; ; page += 1) {
      const clients = await call('GET', `clients?fields=client_id,name&per_page=100&page=${page}`);
      const found = clients.find(({ name }) => name === NAME);
      if (found || clients.length < 100) return found;
    }
  }

  async function call(method, path, body) {
    const response = await fetch(`${issuer}api/v2/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} /api/v2/${path}: ${answer.message}`);
    return answer;
  }
}

async function mustAnswer(issuer) {
  const response = await fetch(`${issuer}.well-known/openid-configuration`).catch((error) => ({ error }));
  if (response.ok) return;
  const reason = response.error?.cause?.code ?? response.error?.message ?? `status ${response.status}`;
  const advice = reason === 'ECONNREFUSED'
    ? 'Start it in another terminal:\n    cargo run --release -- serve'
    : 'If it has a certificate of an authority of your own, name that in NODE_EXTRA_CA_CERTS.';
  throw new Error(`Chancery does not answer at ${issuer} (${reason}).\n${advice}`);
}
