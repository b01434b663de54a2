#!/usr/bin/env python3
"""Compares what the server says of its Management API with the published description of Auth0's.

Every operation that is served has to be a published one: the same operationId, method and path, the same
scopes, and the same names at the top of the request body. Differences are listed one a line.

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
ALL_NEEDED = {"post_signing_keys"}
# Taken on the wire and sent by tools, but missing in the published request bodies.
BEYOND = {
    "post_resource-servers": {"token_lifetime_for_web"},
    "patch_resource-servers_by_id": {"token_lifetime_for_web"},
}


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


def body_names(document, operation):
    body = operation.get("requestBody")
    if not body:
        return None
    return names(document, body["content"]["application/json"]["schema"])


def names(document, schema):
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    found = set(schema.get("properties", {}))
    for part in ("allOf", "anyOf", "oneOf"):
        for one in schema.get(part, []):
            found |= names(document, one)
    return found


def required(document, operation):
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return set(schema.get("required", []))


def compare(ours, theirs, id):
    method, path, operation = operations(ours)[id]
    their_method, their_path, their_operation = operations(theirs)[id]
    equal((method, path), (their_method, their_path), "method and path")
    wanted = set().union(*alternatives(their_operation))
    equal(set().union(*alternatives(operation)), wanted, "scopes")
    if id in ALL_NEEDED:
        equal(alternatives(operation), [wanted], "scopes that are needed together")
    else:
        equal([len(one) for one in alternatives(operation)], [1] * len(wanted), "scopes of which one is enough")
    own, published = body_names(ours, operation), body_names(theirs, their_operation)
    if own is None or published is None:
        equal(own, published, "request body")
        return
    published |= BEYOND.get(id, set())
    if own != published:
        raise AssertionError(f"request body: missing {sorted(published - own)}, unknown there {sorted(own - published)}")
    equal(required(ours, operation), required(theirs, their_operation), "required members of the request body")


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
    for id in sorted(operations(ours)):
        if id not in published:
            suite.run(f"{id} is a published operation", equal, id, "a published operationId")
        elif options.only in id:
            suite.run(f"{id} is as published", compare, ours, theirs, id)
    sys.exit(suite.end())


main()
