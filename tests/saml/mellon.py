"""Apache with mod_auth_mellon, as Debian ships them, in front of one page."""

import os
import shutil
import subprocess

from chancery import free_port, wait_for_port

CONFIGURATION = """
ServerRoot {home}
PidFile {home}/httpd.pid
Listen 127.0.0.1:{port}
ServerName localhost
DefaultRuntimeDir {home}
Mutex file:{home}
ErrorLog {home}/error.log
LogLevel warn
DocumentRoot {home}/www
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_mellon_module {modules}/mod_auth_mellon.so
TypesConfig /etc/mime.types
<Directory {home}/www>
  Require all granted
</Directory>
<Location />
  MellonEnable info
  MellonEndpointPath /mellon
  MellonSPPrivateKeyFile {home}/sp.key
  MellonSPCertFile {home}/sp.pem
  MellonSPMetadataFile {home}/sp.xml
  MellonIdPMetadataFile {home}/idp.xml
  MellonSecureCookie On
  MellonCookieSameSite None
  MellonSignatureMethod rsa-sha256
</Location>
<Location /inner>
  MellonEnable auth
  AuthType Mellon
  Require valid-user
  Header set X-User %{{MELLON_NAME_ID}}e
</Location>
"""

METADATA = """<EntityDescriptor entityID="urn:mellon" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
<SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{base}/mellon/logout"/>
<AssertionConsumerService index="0" isDefault="true" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{base}/mellon/postResponse"/>
</SPSSODescriptor></EntityDescriptor>"""


class Mellon:
    """A service provider that loads the metadata of the identity provider once, when it starts."""

    def __init__(self, home):
        self.home, self.port = os.path.join(home, "mellon"), free_port()
        self.base = f"http://localhost:{self.port}"
        os.makedirs(f"{self.home}/www/inner")
        with open(f"{self.home}/www/inner/page.html", "w") as page:
            page.write("<!doctype html><title>Inside</title><p>Inside</p>")
        with open(f"{self.home}/www/page.html", "w") as page:
            page.write("<!doctype html><title>Outside</title><p>Outside</p>")
        for name in ("sp.key", "sp.pem"):
            shutil.copy(os.path.join(home, name), self.home)
        with open(f"{self.home}/sp.pem") as file:
            self.certificate = file.read()

    def start(self, idp_metadata):
        bare = "".join(line for line in self.certificate.splitlines() if not line.startswith("-----"))
        for name, text in (("idp.xml", idp_metadata), ("sp.xml", METADATA.format(certificate=bare, base=self.base)),
                           ("httpd.conf", CONFIGURATION.format(home=self.home, port=self.port,
                                                               modules="/usr/lib/apache2/modules"))):
            with open(f"{self.home}/{name}", "w") as file:
                file.write(text)
        command = ["/usr/sbin/apache2", "-f", f"{self.home}/httpd.conf", "-DFOREGROUND"]
        with open(f"{self.home}/out.log", "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for_port(self.process, self.port, f"{self.home}/out.log")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
