// A relying party on openid-client, for one visitor. It shows as JSON what the library made of each answer, and what
// jose says of every token that it ever got. Reads ISSUER, CLIENT_ID, CLIENT_SECRET, ALG, AUDIENCE and PORT; trusts
// the authority that NODE_EXTRA_CA_CERTS names.
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as openid from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ALG, AUDIENCE, PORT } = process.env;
const HOME = `http://localhost:${PORT}`;
const SCOPE = 'openid profile email offline_access read:things';

const config = await openid.discovery(new URL(ISSUER), CLIENT_ID, {
  client_secret: CLIENT_SECRET,
  id_token_signed_response_alg: ALG,
});
if (ALG !== 'HS256') openid.enableNonRepudiationChecks(config);

const tokens = []; // every answer of the token endpoint, the first one first
let pending; // the login that is under way

const pages = {
  async '/login'(url) {
    pending = {
      expectedState: openid.randomState(),
      expectedNonce: openid.randomNonce(),
      pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    };
    return openid.buildAuthorizationUrl(config, {
      redirect_uri: `${HOME}/callback`,
      scope: SCOPE,
      audience: AUDIENCE,
      state: pending.expectedState,
      nonce: pending.expectedNonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pending.pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...Object.fromEntries(url.searchParams),
    });
  },

  async '/callback'(url) {
    const answer = await openid.authorizationCodeGrant(config, url, pending);
    tokens.push(answer);
    return { nonce: pending.expectedNonce, ...(await shown(answer)) };
  },

  async '/refresh'(url) {
    const { refresh_token } = tokens.at(Number(url.searchParams.get('with')));
    const answer = await openid.refreshTokenGrant(config, refresh_token);
    tokens.push(answer);
    return shown(answer);
  },

  async '/verify'() {
    return Promise.all(tokens.map(async (answer) => (await shown(answer)).verified));
  },

  async '/userinfo'() {
    const { access_token } = tokens.at(-1);
    return openid.fetchUserInfo(config, access_token, tokens[0].claims().sub);
  },

  async '/logout'() {
    const id_token_hint = tokens.findLast((answer) => answer.id_token).id_token;
    return openid.buildEndSessionUrl(config, { id_token_hint, post_logout_redirect_uri: `${HOME}/signed-out`, state: 'bye' });
  },

  async '/v2/logout'() {
    return new URL(`${ISSUER}v2/logout?${new URLSearchParams({ client_id: CLIENT_ID, returnTo: `${HOME}/signed-out` })}`);
  },

  async '/signed-out'(url) {
    return { signed_out: Object.fromEntries(url.searchParams) };
  },
};

async function shown(answer) {
  const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const secret = new TextEncoder().encode(CLIENT_SECRET);
  const options = { issuer: config.serverMetadata().issuer };
  const [id, access] = await Promise.all([
    jwtVerify(answer.id_token, ALG === 'HS256' ? secret : keys, { ...options, algorithms: [ALG], audience: CLIENT_ID }),
    jwtVerify(answer.access_token, keys, { ...options, algorithms: ['RS256'], audience: AUDIENCE }),
  ]);
  return {
    claims: answer.claims(),
    access_claims: access.payload,
    scope: answer.scope,
    refresh_token: answer.refresh_token,
    verified: { id_token: id.protectedHeader, access_token: access.protectedHeader },
  };
}

createServer(async (request, response) => {
  const url = new URL(request.url, HOME);
  if (!pages[url.pathname]) return response.writeHead(404).end();
  try {
    const result = await pages[url.pathname](url);
    if (result instanceof URL) return response.writeHead(302, { location: result.href }).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  } catch (error) {
    const { error: code, error_description } = error;
    response.writeHead(code ? 403 : 500, { 'content-type': 'application/json' });
    response.end(JSON.stringify(code ? { error: code, error_description } : { exception: error.stack, cause: `${error.cause}` }));
  }
}).listen(Number(PORT), 'localhost');
