// Verifies tokens with jose, from the JWKS of the issuer alone. Reads one request a line: {token, alg,
// audience, secret?}; writes one answer a line: {kid, sub} or {error}. Reads ISSUER from the environment.
import { createInterface } from 'node:readline';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { ISSUER } = process.env;

for await (const line of createInterface({ input: process.stdin })) {
  const { token, alg, audience, secret } = JSON.parse(line);
  // Fetched anew for each token: what is tested is the server's word of this moment, not a cache.
  const key = secret ? new TextEncoder().encode(secret) : createRemoteJWKSet(new URL('.well-known/jwks.json', ISSUER));
  try {
    const { payload, protectedHeader } = await jwtVerify(token, key, { issuer: ISSUER, audience, algorithms: [alg] });
    console.log(JSON.stringify({ kid: protectedHeader.kid ?? null, sub: payload.sub }));
  } catch (error) {
    console.log(JSON.stringify({ error: `${error.code}: ${error.message}` }));
  }
}
