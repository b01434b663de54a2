"""The service provider of Shibboleth, as Debian ships it: its daemon, and its module of Apache."""

import os
import re
import time

from apache import Apache

CONFIGURATION = """
LoadModule mod_shib {modules}/mod_shib.so
ShibConfig {home}/shibboleth2.xml
<Location /Shibboleth.sso>
  SetHandler shib
  Require all granted
</Location>
<Location /inner>
  AuthType shibboleth
  ShibRequestSetting requireSession 1
  Require valid-user
  Header set X-User "expr=%{{REMOTE_USER}}"
  Header set X-Mail %{{mail}}e
</Location>
"""

SHIBBOLETH = """<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="180" logger="{home}/logger">
<OutOfProcess logger="{home}/logger"/>
<InProcess logger="{home}/inner-logger"/>
<UnixListener address="{home}/shibd.sock"/>
<ApplicationDefaults entityID="urn:shibboleth" REMOTE_USER="user" signing="true" encryption="false"
    requireSignedAssertions="true">
<Sessions lifetime="3600" timeout="3600" checkAddress="false" handlerSSL="false" cookieProps="; path=/; HttpOnly"
    redirectLimit="host">
<SSO entityID="{idp}">SAML2</SSO>
<Logout>SAML2 Local</Logout>
</Sessions>
<Errors/>
<MetadataProvider type="XML" validate="true" path="{home}/idp.xml" reloadChanges="false"/>
<AttributeExtractor type="XML" validate="true" reloadChanges="false" path="{home}/attributes.xml"/>
<CredentialResolver type="File" key="{home}/sp.key" certificate="{home}/sp.pem"/>
</ApplicationDefaults>
<SecurityPolicyProvider type="XML" validate="true" path="/etc/shibboleth/security-policy.xml"/>
<ProtocolProvider type="XML" validate="true" reloadChanges="false" path="/etc/shibboleth/protocols.xml"/>
</SPConfig>"""

ATTRIBUTES = """<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map">
<Attribute name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress" id="mail"/>
<Attribute name="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" id="user">
<AttributeDecoder xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="NameIDAttributeDecoder" formatter="$Name"/>
</Attribute>
</Attributes>"""

LOGGER = """log4j.rootCategory=INFO, file
log4j.appender.file=org.apache.log4j.FileAppender
log4j.appender.file.fileName={home}/%s
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=%%d %%p %%c: %%m%%n
"""


class Shibboleth(Apache):
    configuration, name = CONFIGURATION, "shibboleth"
    files = {"shibboleth2.xml": SHIBBOLETH, "attributes.xml": ATTRIBUTES, "logger": LOGGER % "shibd.log",
             "inner-logger": LOGGER % "module.log"}
    acs, logout, out = "/Shibboleth.sso/SAML2/POST", "/Shibboleth.sso/SLO/Redirect", "/Shibboleth.sso/Logout?return="
    cookie = re.compile("^_shibsession_")
    add_on = {"encryptionAlgorithm": "aes256-gcm"}

    def start(self, idp_metadata):
        return super().start(idp_metadata, idp=re.search('entityID="([^"]+)"', idp_metadata)[1])

    def beside(self):
        self.run("shibd.out", "/usr/sbin/shibd", "-F", "-f", "-c", f"{self.home}/shibboleth2.xml", "-p",
                 f"{self.home}/shibd.pid")
        for _ in range(200):
            if os.path.exists(f"{self.home}/shibd.sock"):
                return
            assert self.processes[-1].poll() is None, f"shibd ended: {self.home}/shibd.out"
            time.sleep(0.1)
        raise AssertionError("shibd does not listen after 20 s")
