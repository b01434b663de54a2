"""Two service providers, each as a stranger would write it: one on pysaml2, one on python3-saml.

Each loads the metadata of the identity provider once, when it starts, and never again. `/login/NAME` begins,
`/acs/NAME` verifies and shows what the library made of the answer, `/out/NAME` signs out, `/slo/NAME` takes the answer.
"""

import json
import os
import sys
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import Config

PORT, FOLDER = int(os.environ["PORT"]), os.environ["FOLDER"]
CLIENTS = json.loads(os.environ["CLIENTS"])
BASE = f"http://localhost:{PORT}"
KEY, CERTIFICATE = f"{FOLDER}/sp.key", f"{FOLDER}/sp.pem"


def text(path):
    with open(path) as file:
        return file.read()


def metadata(name):
    import ssl
    context = ssl.create_default_context(cafile=os.environ["CA_FILE"])
    address = f"{os.environ['ISSUER']}samlp/metadata/{CLIENTS[name]}"
    with urllib.request.urlopen(address, context=context, timeout=10) as answer:
        return answer.read().decode()


class PySaml2:
    """pysaml2, which calls xmlsec1."""

    name = "pysaml2"

    def __init__(self):
        config = Config()
        config.load({
            "entityid": f"urn:{self.name}",
            "service": {"sp": {
                "endpoints": {
                    "assertion_consumer_service": [(f"{BASE}/acs/{self.name}", BINDING_HTTP_POST)],
                    "single_logout_service": [(f"{BASE}/slo/{self.name}", BINDING_HTTP_REDIRECT)],
                },
                "allow_unsolicited": False, "authn_requests_signed": True, "logout_requests_signed": True,
                "want_assertions_signed": True, "want_response_signed": False,
            }},
            "metadata": {"inline": [metadata(self.name)]},
            "key_file": KEY, "cert_file": CERTIFICATE, "encryption_keypairs": [{"key_file": KEY, "cert_file": CERTIFICATE}],
            "allow_unknown_attributes": True, "xmlsec_binary": "/usr/bin/xmlsec1",
            "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
        })
        self.client, self.waiting = Saml2Client(config=config), {}

    def login(self, _):
        request, info = self.client.prepare_for_authenticate(relay_state="kept")
        self.waiting[request] = "/"
        return dict(info["headers"])["Location"]

    def acs(self, _, form):
        response = self.client.parse_authn_request_response(form["SAMLResponse"], BINDING_HTTP_POST, self.waiting)
        subject = response.get_subject()
        self.name_id = subject
        return {"name": subject.text, "relay": form.get("RelayState"), "attributes": response.ava}

    def out(self, _):
        answers = self.client.global_logout(self.name_id)
        _, (_, info) = next(iter(answers.items()))[0], next(iter(answers.values()))
        return dict(info["headers"])["Location"]

    def slo(self, _, query):
        response = self.client.parse_logout_request_response(query["SAMLResponse"], BINDING_HTTP_REDIRECT)
        return {"out": response.status_ok()}


class Python3Saml:
    """python3-saml, on libxmlsec1 by way of lxml; its assertions are encrypted."""

    name = "python3-saml"

    def __init__(self):
        idp = OneLogin_Saml2_IdPMetadataParser.parse(metadata(self.name))
        self.settings = OneLogin_Saml2_IdPMetadataParser.merge_settings({
            "strict": True,
            "sp": {
                "entityId": f"urn:{self.name}",
                "assertionConsumerService": {"url": f"{BASE}/acs/{self.name}"},
                "singleLogoutService": {"url": f"{BASE}/slo/{self.name}"},
                "NameIDFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
                "x509cert": text(CERTIFICATE), "privateKey": text(KEY),
            },
            "security": {
                "authnRequestsSigned": True, "logoutRequestSigned": True, "wantAssertionsSigned": True,
                "wantAssertionsEncrypted": True, "rejectUnsolicitedResponsesWithInResponseTo": True,
                "rejectDeprecatedAlgorithm": True,
                "signatureAlgorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "digestAlgorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
            },
        }, idp)
        self.settings["sp"]["NameIDFormat"] = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

    def auth(self, handler, query=None, form=None):
        request = {"https": "off", "http_host": f"localhost:{PORT}", "script_name": handler.path.split("?")[0],
                   "get_data": query or {}, "post_data": form or {},
                   "query_string": urllib.parse.urlsplit(handler.path).query, "lowercase_urlencoding": False}
        return OneLogin_Saml2_Auth(request, self.settings)

    def login(self, handler):
        auth = self.auth(handler)
        address = auth.login(return_to="kept")
        self.waiting = auth.get_last_request_id()
        return address

    def acs(self, handler, form):
        auth = self.auth(handler, form=form)
        auth.process_response(request_id=self.waiting)
        if auth.get_errors():
            raise ValueError(f"{auth.get_errors()}: {auth.get_last_error_reason()}")
        self.subject = auth.get_nameid(), auth.get_session_index(), auth.get_nameid_format()
        return {"name": auth.get_nameid(), "relay": form.get("RelayState"), "attributes": auth.get_attributes()}

    def out(self, handler):
        name, index, form = self.subject
        return self.auth(handler).logout(name_id=name, session_index=index, name_id_format=form)

    def slo(self, handler, query):
        auth = self.auth(handler, query=query)
        auth.process_slo(keep_local_session=True)
        if auth.get_errors():
            raise ValueError(f"{auth.get_errors()}: {auth.get_last_error_reason()}")
        return {"out": True}


PARTIES = {kind.name: kind() for kind in (PySaml2, Python3Saml)}


class Handler(BaseHTTPRequestHandler):
    def answer(self, form=None):
        address = urllib.parse.urlsplit(self.path)
        _, action, name = address.path.split("/")
        query = dict(urllib.parse.parse_qsl(address.query))
        party = PARTIES[name]
        try:
            if action in ("login", "out"):
                self.send_response(302)
                self.send_header("Location", getattr(party, action)(self))
                self.end_headers()
                return
            if form and "SAMLResponse" in form:
                with open(f"{FOLDER}/{name}.b64", "w") as file:
                    file.write(form["SAMLResponse"])
            found = party.acs(self, form) if action == "acs" else party.slo(self, query)
            status = 200
        except Exception as error:  # whatever a library says is what the test wants to see
            found, status = {"error": f"{type(error).__name__}: {error}"}, 400
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/healthz":
            self.send_response(200)
            self.end_headers()
        elif self.path == "/favicon.ico":
            self.send_response(404)
            self.end_headers()
        else:
            self.answer()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(dict(urllib.parse.parse_qsl(body)))

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
