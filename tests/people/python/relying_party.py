"""A relying party on Authlib and Flask, for one visitor.

It shows as JSON what the library made of each answer, and what joserfc says of every token that it ever got. Reads
ISSUER, CLIENT_ID, CLIENT_SECRET, ALG, AUDIENCE and PORT; trusts the authority that REQUESTS_CA_BUNDLE names.
"""

import base64
import os
import secrets

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

ISSUER, CLIENT_ID, CLIENT_SECRET, ALG, AUDIENCE, PORT = (
    os.environ[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "ALG", "AUDIENCE", "PORT"))
HOME = f"http://localhost:{PORT}"

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
# For HS256, Authlib wants the secret as a key set.
secret = {"kty": "oct", "k": base64.urlsafe_b64encode(CLIENT_SECRET.encode()).decode().rstrip("=")}
chancery = OAuth(app).register(
    "chancery",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    server_metadata_url=f"{ISSUER}.well-known/openid-configuration",
    authorize_params={"audience": AUDIENCE},
    client_kwargs={"scope": "openid profile email offline_access read:things", "code_challenge_method": "S256"},
    **({"jwks": {"keys": [secret]}} if ALG == "HS256" else {}),
)
tokens = []  # every answer of the token endpoint, the first one first
nonces = []


@app.get("/login")
def login():
    nonces.append(secrets.token_urlsafe())
    return chancery.authorize_redirect(f"{HOME}/callback", nonce=nonces[-1], **request.args)


@app.get("/callback")
def callback():
    answer = chancery.authorize_access_token()
    tokens.append(answer)
    return {"nonce": nonces[-1]} | shown(answer, answer["userinfo"])


@app.get("/refresh")
def refresh():
    old = tokens[int(request.args["with"])]["refresh_token"]
    answer = chancery.fetch_access_token(grant_type="refresh_token", refresh_token=old)
    tokens.append(answer)
    return shown(answer, chancery.parse_id_token(answer, nonce=None))


@app.get("/verify")
def verify():
    return [verified(answer)[0] for answer in tokens]


@app.get("/userinfo")
def userinfo():
    return chancery.userinfo(token=tokens[-1])


@app.get("/logout")
def logout():
    return chancery.logout_redirect(f"{HOME}/signed-out", id_token_hint=tokens[-1]["id_token"], state="bye")


@app.get("/v2/logout")
def logout_the_older_way():
    query = requests.compat.urlencode({"client_id": CLIENT_ID, "returnTo": f"{HOME}/signed-out"})
    return redirect(f"{ISSUER}v2/logout?{query}")


@app.get("/signed-out")
def signed_out():
    return {"signed_out": request.args}


@app.errorhandler(AuthlibBaseError)
def refused(error):
    return {"error": error.error, "error_description": error.description}, 403


def shown(answer, claims):
    headers, access = verified(answer)
    return {"claims": claims, "access_claims": access, "scope": answer["scope"],
            "refresh_token": answer["refresh_token"], "verified": headers}


def verified(answer):
    """The headers of both tokens, and what the access token says."""
    published = requests.get(chancery.load_server_metadata()["jwks_uri"], timeout=10).json()
    keys = KeySet.import_key_set(published)
    id_token = jwt.decode(answer["id_token"], OctKey.import_key(CLIENT_SECRET) if ALG == "HS256" else keys, algorithms=[ALG])
    access = jwt.decode(answer["access_token"], keys, algorithms=["RS256"])
    for token, audience in ((id_token, CLIENT_ID), (access, AUDIENCE)):
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": audience}, exp={"essential": True})
        registry.validate(token.claims)
    return {"id_token": id_token.header, "access_token": access.header}, access.claims


app.run("localhost", int(PORT))
