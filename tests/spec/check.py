#!/usr/bin/env python3
"""Compares what the server says of its Management API with the published description of Auth0's.

Every operation that is served has to be a published one: the same operationId, method and path, the same
scopes, the same parameters in the query, and a request body with the same members at every depth, of the same
types, with the same choices and the same members required. Differences are listed one a line. Operations that
the server marks as its own (x-chancery) must not bear a published name.

usage: check.py PUBLISHED_OPENAPI.json [--binary PROGRAM]
"""

import json
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib")]

from chancery import Installation
from suite import Suite, arguments, engines, equal

METHODS = {"get", "post", "put", "patch", "delete"}
# The published description lists scopes without saying whether one of them is enough or all are needed; its
# prose says that these need all.
ALL_NEEDED = {"post_rotate", "post_signing_keys", "revoke_session"}
# The prose of these asks for the first together with one of the others.
FIRST_AND_ANY = {"get_client_connections": "read:connections"}
# Different for a reason that docs/compatibility.md gives. Each has to differ as long as it stands here.
OF_USERS_THEMSELVES = "tokens of users for their own data (*:current_user*) are not issued yet"
OTHER_STRATEGIES = "connections of other strategies do not exist yet, nor do their options"
LIQUID = "Liquid is the only syntax of templates"
DIFFERENT = {
    "delete_user_identity_by_user_id": OF_USERS_THEMSELVES,
    "delete_users_by_id": OF_USERS_THEMSELVES,
    "get_users": "tokens of identity providers are not kept, so nobody may read them",
    "get_users_by_id": OF_USERS_THEMSELVES,
    "patch_clients": "the body is a list, which the description does not show yet",
    "patch_connections_by_id": OTHER_STRATEGIES,
    "patch_email-templates_by_templateName": LIQUID,
    "patch_provider": "api_user is taken, as tools of old send it",
    "patch_users_by_id": OF_USERS_THEMSELVES,
    "post_connections": OTHER_STRATEGIES,
    "post_email-templates": LIQUID,
    "post_email-verification": "the provider of an identity may be any text",
    "post_identities": OF_USERS_THEMSELVES,
    "post_provider": "api_user is taken, as tools of old send it",
    "put_email-templates_by_templateName": LIQUID,
}
# Taken on the wire and sent by tools, but missing in the published request bodies.
CLIENTS = {"identity_assertion_authorization_grant", "token_vault_privileged_access.grants"}
BEYOND = {
    # Published as an object without members; what a gradient is stands in the documentation.
    "patch_branding": {"colors.page_background"},
    "patch_clients_by_id": CLIENTS,
    "patch_resource-servers_by_id": {"token_lifetime_for_web"},
    "patch_settings": {"flags.enable_custom_domain_in_emails", "flags.enable_legacy_logs_search_v2",
                       "flags.use_scope_descriptions_for_consent", "universal_login"},
    "post_clients": CLIENTS,
    "post_resource-servers": {"token_lifetime_for_web"},
}
# Understood beyond the published parameters: answers can be narrowed to fields wherever their absence would
# leave include_fields without a meaning.
PARAMETERS_BEYOND = {
    "get_client_connections": {"include_secrets"},
    "get_connections": {"include_secrets"},
    "get_connections_by_id": {"include_secrets"},
    "get_logs": {"q"},
    "get_resource-servers": {"fields"},
    "get_resource-servers_by_id": {"fields"},
}
# Published and not understood yet: docs/compatibility.md says so.
PARAMETERS_LATER = {"get_clients": {"q"}, "get_custom-domains": {"q"}, "get_logs": {"search"}}


def operations(document):
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                found[operation["operationId"]] = (method, path, operation)
    return found


def alternatives(operation):
    """The sets of scopes of which one has to be granted whole."""
    return [set(scopes) for requirement in operation.get("security", []) for scopes in requirement.values() if scopes]


def body(document, operation):
    """What the request body may hold: by the path of each member its types, choices and required members."""
    request = operation.get("requestBody")
    if not request:
        return None
    found = {}
    collect(document, request["content"]["application/json"]["schema"], "", found)
    return found


def collect(document, schema, path, found):
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    types, choices, required = found.setdefault(path, (set(), set(), set()))
    named = schema.get("type", [])
    types |= {"integer" if name == "number" else name for name in ([named] if isinstance(named, str) else named)}
    choices |= {choice for choice in [*schema.get("enum", []), schema.get("const")] if choice is not None}
    required |= set(schema.get("required", []))
    for name, member in schema.get("properties", {}).items():
        collect(document, member, f"{path}.{name}" if path else name, found)
    if "items" in schema:
        collect(document, schema["items"], f"{path}[]", found)
    for part in ("allOf", "anyOf", "oneOf"):
        for one in schema.get(part, []):
            collect(document, one, path, found)


def compare_bodies(own, published, beyond):
    if own is None or published is None:
        equal(own, published, "request body")
        return

    def known(path):
        return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in beyond)

    strange = sorted(path for path in set(own) - set(published) if not known(path))
    missing = sorted(set(published) - set(own))
    if strange or missing:
        raise AssertionError(f"request body: missing {missing}, unknown there {strange}")
    for path in sorted(published):
        (types, choices, required), (their_types, their_choices, their_required) = own[path], published[path]
        # Null clears whatever a patch may change, and is taken where a tool sends what it has read. A choice is
        # a text, and a member without a type takes anything.
        if their_types and types:
            equal(types - {"null"}, their_types - {"null"} or types - {"null"}, f"types of {path}")
        equal(choices, their_choices, f"choices of {path}")
        equal(required, their_required, f"required members of {path or 'the request body'}")


def parameters(operation):
    return {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}


def compare(ours, theirs, id):
    method, path, operation = operations(ours)[id]
    their_method, their_path, their_operation = operations(theirs)[id]
    equal((method, path), (their_method, their_path), "method and path")
    wanted = set().union(*alternatives(their_operation))
    equal(set().union(*alternatives(operation)), wanted, "scopes")
    if id in ALL_NEEDED:
        equal(alternatives(operation), [wanted], "scopes that are needed together")
    elif id in FIRST_AND_ANY:
        first = FIRST_AND_ANY[id]
        equal(sorted(alternatives(operation), key=sorted), sorted(({first, other} for other in wanted - {first}), key=sorted),
              "scopes that are needed together")
    else:
        equal([len(one) for one in alternatives(operation)], [1] * len(wanted), "scopes of which one is enough")
    own, published = parameters(operation), parameters(their_operation)
    equal(own - PARAMETERS_BEYOND.get(id, set()), published - (PARAMETERS_LATER.get(id, set()) - own), "query")
    compare_bodies(body(ours, operation), body(theirs, their_operation), BEYOND.get(id, set()))


def differ(ours, theirs, id):
    try:
        compare(ours, theirs, id)
    except AssertionError:
        return
    raise AssertionError("it is as published: take it out of DIFFERENT")


def main():
    parser = arguments(__doc__.split("\n")[0])
    parser.add_argument("published", metavar="PUBLISHED_OPENAPI.json")
    options = parser.parse_args()
    with open(options.published) as file:
        theirs = json.load(file)
    suite = Suite("spec")
    with Installation(next(engines(options.binary))) as it:
        it.init()
        with it.serve() as server:
            ours = server.get("/api/v2/openapi.json").expect(200).json()
    equal(ours["openapi"][:3], "3.1", "version of OpenAPI")
    published = operations(theirs)
    for id, (_, _, operation) in sorted(operations(ours).items()):
        if operation.get("x-chancery"):
            suite.run(f"{id} is no published operation", equal, id in published, False)
        elif id not in published:
            suite.run(f"{id} is a published operation", equal, id, "a published operationId")
        elif options.only in id and id in DIFFERENT:
            suite.run(f"{id} differs: {DIFFERENT[id]}", differ, ours, theirs, id)
        elif options.only in id:
            suite.run(f"{id} is as published", compare, ours, theirs, id)
    sys.exit(suite.end())


main()
