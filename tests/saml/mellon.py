"""mod_auth_mellon, as Debian ships it."""

from apache import Apache

CONFIGURATION = """
LoadModule auth_mellon_module {modules}/mod_auth_mellon.so
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
  MellonSetEnvNoPrefix mail http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress
  Header set X-User %{{MELLON_NAME_ID}}e
  Header set X-Mail %{{mail}}e
</Location>
"""

METADATA = """<EntityDescriptor entityID="urn:mellon" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
<SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{base}/mellon/logout"/>
<AssertionConsumerService index="0" isDefault="true" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{base}/mellon/postResponse"/>
</SPSSODescriptor></EntityDescriptor>"""


class Mellon(Apache):
    configuration, files, name = CONFIGURATION, {"sp.xml": METADATA}, "mellon"
    acs, logout, out, cookie = "/mellon/postResponse", "/mellon/logout", "/mellon/logout?ReturnTo=", "mellon-cookie"
    add_on = {}
