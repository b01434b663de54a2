"""Tenants that have many of everything: lists come in parts, can be searched, and no page grows with them."""

from desk import PASSWORD, administrator, furnish, walk

# Bytes before pictures: the page, the stylesheet and the script.
MOST = 60_000
MANY = 60
SCOPES = 300
REALM = "http://auth0.com/oauth/grant-type/password-realm"
DATABASE = "Username-Password-Authentication"


def weights(visitor, base):
    """Every page with its bytes, the heaviest first; what all of them share is in each."""
    visitor.opens(base + "/dashboard")
    files = visitor.page.eval_on_selector_all("link[rel=stylesheet], script[src]", "all => all.map(one => one.href || one.src)")
    shared = sum(len(visitor.context.request.get(file).body()) for file in files)
    return sorted(((len(answer.body()) + shared, path) for path, answer in walk(visitor, base)), reverse=True)


def crowd(it, server, made):
    """Many of everything that `furnish` made one of."""
    token = it.token()
    call = lambda method, path, body=None: server.call(method, f"/api/v2{path}", token=token, body=body)
    scopes = [{"value": f"read:plants-{number}", "description": f"See the plants of bed {number}"} for number in range(SCOPES)]
    call("PATCH", f"/resource-servers/{made['api']['id']}", {"scopes": scopes}).expect(200)
    given = [{"resource_server_identifier": made["api"]["identifier"], "permission_name": one["value"]} for one in scopes[:150]]
    user = made["user"]["user_id"].replace("|", "%7C")
    for path in (f"/roles/{made['role']['id']}/permissions", f"/users/{user}/permissions"):
        call("POST", path, {"permissions": given}).expect(201)
    for number in range(MANY):
        name = f"A thing with a name of the usual length {number}"
        client = call("POST", "/clients", {"name": name, "app_type": "regular_web"}).expect(201).json()
        api = {"name": name, "identifier": f"https://{number}.beds.example/", "scopes": scopes[:3]}
        api = call("POST", "/resource-servers", api).expect(201).json()
        for pair in ((client["client_id"], made["api"]["identifier"]), (made["machine"]["client_id"], api["identifier"])):
            grant = {"client_id": pair[0], "audience": pair[1], "scope": ["read:plants-1"]}
            call("POST", "/client-grants", grant).expect(201)
        role = call("POST", "/roles", {"name": name, "description": name}).expect(200).json()
        call("POST", f"/users/{user}/roles", {"roles": [role["id"]]}).expect(204)
        call("POST", "/connections", {"name": f"database-{number}", "strategy": "auth0"}).expect(201)
        member = {"connection": DATABASE, "email": f"somebody-{number}@garden.example", "password": PASSWORD}
        member = call("POST", "/users", member).expect(201).json()
        call("POST", f"/roles/{made['role']['id']}/users", {"users": [member["user_id"]]}).expect(200)
    native = call("POST", "/clients", {"name": "Native", "app_type": "native", "token_endpoint_auth_method": "none",
                                       "grant_types": [REALM, "refresh_token"]}).expect(201).json()
    form = {"grant_type": REALM, "realm": DATABASE, "client_id": native["client_id"], "username": "anna@example.com",
            "password": PASSWORD, "scope": "openid offline_access"}
    for _ in range(12):
        server.call("POST", "/oauth/token", form=form).expect(200)
    for _ in range(9):
        server.rotate(token).expect(201)
        call("POST", "/keys/connection/rotate", {}).expect(201)
    for key in [key for key in server.keys(token) if key.get("previous")][:3]:
        server.revoke(token, key["kid"]).expect(200)


def test_a_tenant_with_many_of_everything_has_light_pages_that_can_be_searched(engine, browser):
    from chancery import Installation
    with Installation(engine, tls="dev") as it:
        it.init()
        it.no_rotation_limit()
        with it.serve() as server, browser.visitor() as visitor:
            made = furnish(it, server)
            crowd(it, server, made)
            administrator(it, visitor)
            base = it.issuer.rstrip("/")
            visitor.opens(f"{base}/dashboard/apis/{made['api']['id']}/permissions")
            visitor.sees("Garden Shop", f"1–50 of {SCOPES}", "read:plants-0")
            visitor.page.fill("input[name=q]", "PLANTS-299")
            visitor.presses("Search")
            visitor.page.wait_for_url("**q=PLANTS-299")
            visitor.sees("Garden Shop", "read:plants-299")
            assert visitor.page.locator("tbody tr").count() == 1
            visitor.opens(f"{base}/dashboard/roles/{made['role']['id']}/permissions")
            visitor.sees("Garden Shop", "1–20 of 151", "And 110 more")
            visitor.page.fill("input[name=part]", "plants-299")
            visitor.presses("Show")
            visitor.page.wait_for_url("**part=plants-299")
            visitor.page.get_by_label("read:plants-299").check()
            visitor.presses("Add permissions")
            visitor.page.get_by_text("The permissions were added.").wait_for()
            visitor.sees("Garden Shop", "1–20 of 152")
            visitor.opens(f"{base}/dashboard/settings/signing-keys")
            visitor.page.get_by_role("navigation", name="Pages of the keys").get_by_role("link", name="Next").click()
            visitor.page.wait_for_url("**keys=1")
            visitor.sees("Signing Keys", "5–8 of 8")
            pages = weights(visitor, base)
    heavy = [page for page in pages if page[0] >= MOST]
    assert not heavy, heavy
    return f"{len(pages)} pages, the heaviest {pages[0]}"
