"""An identity provider as a stranger would write it, on pysaml2: whoever comes is Lin, after a click.

It loads our metadata once, when it first needs it, and never again. Requests have to be signed; assertions are encrypted
for the certificates of that metadata; logouts go both ways.
"""

import functools
import html
import os
import ssl
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import saml2.entity
import saml2.sigver
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server

PORT, FOLDER = int(os.environ["PORT"]), os.environ["FOLDER"]
BASE = f"http://localhost:{PORT}"
KEY, CERTIFICATE = f"{FOLDER}/idp.key", f"{FOLDER}/idp-own.pem"
IDENTITY = {
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": "lin@corp.example",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": "Lin of Corp",
}
SIGNATURE = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
DIGEST = "http://www.w3.org/2001/04/xmlenc#sha256"
# By itself the library takes Triple DES.
saml2.entity.pre_encryption_part = functools.partial(saml2.entity.pre_encryption_part,
                                                     msg_enc="http://www.w3.org/2001/04/xmlenc#aes256-cbc")
saml2.sigver.SecurityContext.encrypt_assertion.__defaults__ = ("aes-256", None)
AUTHN = {"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": BASE}


def configuration(metadata):
    config = IdPConfig()
    config.load({
        "entityid": "urn:pysaml2-idp",
        "service": {"idp": {
            "endpoints": {
                "single_sign_on_service": [(f"{BASE}/sso", BINDING_HTTP_REDIRECT), (f"{BASE}/sso", BINDING_HTTP_POST)],
                "single_logout_service": [(f"{BASE}/slo", BINDING_HTTP_REDIRECT)],
            },
            "want_authn_requests_signed": True, "sign_assertion": True, "sign_response": True,
            "name_id_format": [NAMEID_FORMAT_PERSISTENT],
            "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None,
                                   "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"}},
        }},
        "metadata": {"inline": [metadata]} if metadata else {},
        "key_file": KEY, "cert_file": CERTIFICATE, "xmlsec_binary": "/usr/bin/xmlsec1", "allow_unknown_attributes": True,
        "signing_algorithm": SIGNATURE, "digest_algorithm": DIGEST,
    })
    return config


class Provider:
    """The provider, which knows Chancery from the first request on."""

    def __init__(self):
        self.known = None

    @property
    def server(self):
        if self.known is None:
            context = ssl.create_default_context(cafile=os.environ["CA_FILE"])
            with urllib.request.urlopen(os.environ["SP_METADATA"], context=context, timeout=10) as answer:
                self.known = Server(config=configuration(answer.read().decode()))
        return self.known

    def asked(self, message, binding, query):
        """Verifies a request; answers the page of a login."""
        more = {"relay_state": query.get("RelayState"), "sigalg": query.get("SigAlg"), "signature": query.get("Signature")}
        signed = {key: value for key, value in more.items() if value} if binding == BINDING_HTTP_REDIRECT else {}
        request = self.server.parse_authn_request(message, binding, **signed)
        assert request.verify(), "the request is not good"
        fields = {"id": request.message.id, "RelayState": query.get("RelayState", "")}
        inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
        return f'<!doctype html><title>pysaml2</title><form action="/signed-in">{inputs}<button>Sign in as Lin</button></form>'

    def answer(self, query):
        name = NameID(format=NAMEID_FORMAT_PERSISTENT, text="lin")
        response = self.server.create_authn_response(
            dict(IDENTITY), query.get("id") or None, os.environ["ACS"], os.environ["AUDIENCE"], name_id=name, authn=AUTHN,
            sign_response=True, sign_assertion=True, encrypt_assertion=True, sign_alg=SIGNATURE, digest_alg=DIGEST)
        sent = self.server.apply_binding(BINDING_HTTP_POST, str(response), os.environ["ACS"], query.get("RelayState", ""),
                                         response=True)
        return sent["data"] if isinstance(sent["data"], str) else "".join(sent["data"])

    def logout(self, query):
        """Ends the session here, and answers where the metadata says."""
        request = self.server.parse_logout_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT,
                                                   relay_state=query.get("RelayState"), sigalg=query.get("SigAlg"),
                                                   signature=query.get("Signature"))
        assert request.message.name_id.text == "lin", request.message
        response = self.server.create_logout_response(request.message, [BINDING_HTTP_REDIRECT])
        sent = self.server.apply_binding(BINDING_HTTP_REDIRECT, str(response), os.environ["SLO"], query["RelayState"],
                                         response=True, sign=True, sigalg=SIGNATURE)
        return dict(sent["headers"])["Location"]

    def ends(self):
        """Begins a logout of its own."""
        name = NameID(format=NAMEID_FORMAT_PERSISTENT, text="lin")
        number, request = self.server.create_logout_request(os.environ["SLO"], os.environ["AUDIENCE"], name_id=name,
                                                            sign=False)
        sent = self.server.apply_binding(BINDING_HTTP_REDIRECT, str(request), os.environ["SLO"], "ours", sign=True,
                                         sigalg=SIGNATURE)
        self.waiting = number
        return dict(sent["headers"])["Location"]

    def ended(self, query):
        response = self.server.parse_logout_request_response(query["SAMLResponse"], BINDING_HTTP_REDIRECT)
        assert response.status_ok() and query["RelayState"] == "ours", query
        return "<!doctype html><title>pysaml2</title><h1>Ended everywhere</h1>"


PROVIDER = Provider()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        self.served(address.path, dict(urllib.parse.parse_qsl(address.query)), BINDING_HTTP_REDIRECT)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.served(self.path, dict(urllib.parse.parse_qsl(body)), BINDING_HTTP_POST)

    def served(self, path, query, binding):
        try:
            if path == "/healthz":
                return self.page("ok")
            if path == "/metadata":
                from saml2.metadata import entity_descriptor
                return self.page(str(entity_descriptor(configuration(None))), "application/xml")
            if path == "/sso":
                return self.page(PROVIDER.asked(query["SAMLRequest"], binding, query))
            if path in ("/signed-in", "/unasked"):
                return self.page(PROVIDER.answer(query))
            if path == "/slo":
                if "SAMLResponse" in query:
                    return self.page(PROVIDER.ended(query))
                return self.leads(PROVIDER.logout(query))
            if path == "/ends":
                return self.leads(PROVIDER.ends())
            return self.page("There is no such page.", status=404)
        except Exception as error:  # whatever the library says is what the test wants to see
            return self.page(html.escape(f"{type(error).__name__}: {error}"), status=400)

    def page(self, text, media_type="text/html", status=200):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.end_headers()
        self.wfile.write(text.encode())

    def leads(self, to):
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
