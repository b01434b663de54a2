"""The signing keys over the Management API with Python's own http.client. Reads ISSUER, TOKEN and CA_FILE."""

import http.client
import json
import os
import ssl
from urllib.parse import urlsplit

issuer = urlsplit(os.environ["ISSUER"])
if issuer.scheme == "https":
    context = ssl.create_default_context(cafile=os.environ["CA_FILE"])
    connection = http.client.HTTPSConnection(issuer.netloc, context=context)
else:
    connection = http.client.HTTPConnection(issuer.netloc)


def call(method, path, status):
    connection.request(method, f"/api/v2/{path}", headers={"authorization": f"Bearer {os.environ['TOKEN']}"})
    response = connection.getresponse()
    body = response.read()
    assert response.status == status, (method, path, response.status, body)
    return json.loads(body)


def only(keys, state):
    (key,) = [key for key in keys if key[state]]
    return key


keys = call("GET", "keys/signing", 200)
current, coming = only(keys, "current"), only(keys, "next")
assert all(ssl.PEM_cert_to_DER_cert(key["cert"].replace("\r\n", "\n")) for key in keys)

rotated = call("POST", "keys/signing/rotate", 201)
assert set(rotated) == {"cert", "kid"} and rotated["kid"] not in [key["kid"] for key in keys]
assert call("GET", f"keys/signing/{coming['kid']}", 200)["current"] is True

revoked = call("PUT", f"keys/signing/{current['kid']}/revoke", 200)
assert revoked == {"cert": current["cert"], "kid": current["kid"]}
