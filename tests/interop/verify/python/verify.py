"""Verifies tokens with PyJWT, from the JWKS of the issuer alone. Reads one request a line: {token, alg,
audience, secret?}; writes one answer a line: {kid, sub} or {error}. Reads ISSUER and CA_FILE."""

import json
import os
import ssl
import sys

import jwt

ISSUER = os.environ["ISSUER"]
context = ssl.create_default_context(cafile=os.environ["CA_FILE"]) if ISSUER.startswith("https") else None

for line in sys.stdin:
    asked = json.loads(line)
    token = asked["token"]
    try:
        if asked.get("secret"):
            key = asked["secret"]
        else:
            # Fetched anew for each token: what is tested is the server's word of this moment, not a cache.
            jwks = jwt.PyJWKClient(f"{ISSUER}.well-known/jwks.json", ssl_context=context)
            key = jwks.get_signing_key_from_jwt(token).key
        claims = jwt.decode(token, key, algorithms=[asked["alg"]], audience=asked["audience"], issuer=ISSUER,
                            options={"require": ["exp", "iat", "sub"]})
        answer = {"kid": jwt.get_unverified_header(token).get("kid"), "sub": claims["sub"]}
    except jwt.PyJWTError as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
