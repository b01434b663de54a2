// An OpenID provider on oidc-provider, which is not ours: people sign in there with any name, in its own pages.
// It listens on loopback, without TLS.
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const { PORT, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, AUTH_METHOD } = process.env;
const issuer = `http://localhost:${PORT}`;

// One key for every algorithm; the keys of the library for developers know RS256 alone.
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const account = (id) => ({
  accountId: id,
  claims: async () => ({
    sub: id,
    email: `${id}@corp.example`,
    email_verified: true,
    name: `${id} of Corp`,
    given_name: id,
    locale: "en",
  }),
});

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: AUTH_METHOD,
      id_token_signed_response_alg: process.env.ALG ?? "RS256",
    },
  ],
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "given_name", "locale"] },
  jwks: { keys: [{ ...key, kid: "provider-1", use: "sig" }] },
  pkce: { required: () => true },
  findAccount: async (_, id) => account(id),
});

provider.on("server_error", (_, error) => console.error(error));
provider.on("grant.error", (_, error) => console.error(error));
provider.listen(Number(PORT), "127.0.0.1");
