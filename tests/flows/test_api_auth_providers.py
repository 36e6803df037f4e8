"""Authentication providers over the API: kinds of one list, with passwords that are sealed."""

import json
from pathlib import Path
from typing import Any

import pytest

from sensu.rules.redaction import REDACTED
from tests.flows.api_harness import RunningApi, reader_of

PROVIDERS = "/api/enterprise/authentication/v2/authproviders"
CORE = "/api/core/v2"


def provider(name: str = "openldap", *, of: str = "ldap", **spec: Any) -> dict[str, Any]:
    """A provider as files and the API have it, with the least that is required."""
    bases = {"user_search": {"base_dn": "dc=acme,dc=org"}, "group_search": {"base_dn": "dc=acme,dc=org"}}
    server = {"host": "127.0.0.1", **bases}
    whole = {"servers": [server], **spec}
    return {"type": of, "api_version": "authentication/v2", "metadata": {"name": name}, "spec": whole}


def bound(password: str, **server: Any) -> dict[str, Any]:
    """A provider that searches with an account."""
    whole = provider()
    binding = {"user_dn": "cn=binder,dc=acme,dc=org", "password": password}
    whole["spec"]["servers"][0] |= {"binding": binding, **server}
    return whole


def password_in(document: dict[str, Any]) -> str:
    return str(document["spec"]["servers"][0]["binding"]["password"])


async def put(api: RunningApi, admin: str, body: dict[str, Any], status: int = 201) -> str:
    answer = await api.call("PUT", f"{PROVIDERS}/{body['metadata']['name']}", body, Authorization=admin)
    assert answer.status == status, answer.body
    return str(json.loads(answer.body).get("message", "")) if status >= 400 else ""


async def got(api: RunningApi, who: str, path: str = PROVIDERS) -> Any:
    return json.loads((await api.call("GET", path, Authorization=who)).body)


async def test_what_is_left_out_gets_the_documented_values(api: RunningApi, admin: str) -> None:
    """A provider is shown with the defaults of its type in every field, in the shape that the documentation shows."""
    await put(api, admin, provider())
    await put(api, admin, provider("corp", of="ad", groups_prefix="ad"))
    corp, openldap = await got(api, admin)
    assert (openldap["type"], openldap["metadata"]) == ("ldap", {"name": "openldap", "created_by": "admin"})
    assert openldap["spec"] == {
        "servers": [
            {
                "host": "127.0.0.1",
                "port": 636,
                "insecure": False,
                "security": "tls",
                "trusted_ca_file": "",
                "client_cert_file": "",
                "client_key_file": "",
                "binding": None,
                "group_search": {
                    "base_dn": "dc=acme,dc=org",
                    "attribute": "member",
                    "name_attribute": "cn",
                    "object_class": "groupOfNames",
                },
                "user_search": {
                    "base_dn": "dc=acme,dc=org",
                    "attribute": "uid",
                    "name_attribute": "cn",
                    "object_class": "person",
                },
            }
        ],
        "groups_prefix": "",
        "username_prefix": "",
    }
    server = corp["spec"]["servers"][0]
    assert (server["default_upn_domain"], server["include_nested_groups"]) == ("", False)
    assert server["group_search"]["object_class"] == "group"
    assert server["user_search"]["attribute"] == "sAMAccountName"
    assert server["user_search"]["name_attribute"] == "displayName"


async def test_what_was_put_is_what_is_read(api: RunningApi, admin: str) -> None:
    """A second PUT of what a caller with the right to update reads changes nothing, so that tools are idempotent."""
    body = bound("s3cret", port=1636, trusted_ca_file="/etc/ssl/ca.pem", insecure=False, group_search=None)
    await put(api, admin, body)
    first = await api.call("GET", f"{PROVIDERS}/openldap", Authorization=admin)
    shown = json.loads(first.body)
    assert shown["spec"]["servers"][0]["binding"] == body["spec"]["servers"][0]["binding"]
    await put(api, admin, shown)
    again = await api.call("GET", f"{PROVIDERS}/openldap", Authorization=admin)
    assert (again.body, again.headers["Etag"]) == (first.body, first.headers["Etag"])


async def test_providers_of_all_types_are_one_list(api: RunningApi, admin: str) -> None:
    """Types share names, pages, counts, selectors and the filter `types`; a name has one provider of whichever type."""
    for name, of in (("a", "ldap"), ("b", "ad"), ("c", "ldap")):
        await put(api, admin, provider(name, of=of))
    page = await api.call("GET", f"{PROVIDERS}?limit=2", Authorization=admin)
    assert [one["metadata"]["name"] for one in json.loads(page.body)] == ["a", "b"]
    rest = await got(api, admin, f"{PROVIDERS}?limit=2&continue={page.headers['Sensu-Continue']}")
    assert [one["metadata"]["name"] for one in rest] == ["c"]
    for query, names in (
        ("types=LDAP", ["a", "c"]),
        ("types=ad", ["b"]),
        ("types=ad&types=ldap", ["a", "b", "c"]),
        ("types=Provider", ["a", "b", "c"]),
        ("fieldSelector=authprovider.type%20==%20ad", ["b"]),
        ("fieldSelector=authprovider.name%20==%20a", ["a"]),
        ("types=ldap&limit=1", ["a"]),
    ):
        assert [one["metadata"]["name"] for one in await got(api, admin, f"{PROVIDERS}?{query}")] == names, query
    refused = await api.call("GET", f"{PROVIDERS}?types=kerberos", Authorization=admin)
    assert (refused.status, b"is not a type" in refused.body) == (400, True)
    await put(api, admin, provider("b", of="ldap"))
    assert (await got(api, admin, f"{PROVIDERS}/b"))["type"] == "ldap"
    assert (await api.call("DELETE", f"{PROVIDERS}/b", Authorization=admin)).status == 204
    assert (await api.call("GET", f"{PROVIDERS}/b", Authorization=admin)).status == 404


async def test_passwords_are_shown_to_those_who_may_change_them(api: RunningApi, admin: str, tmp_path: Path) -> None:
    """Readers without the right to update get REDACTED; the audit log and the store contain no password."""
    reader = await reader_of(api, admin, "authproviders")
    await put(api, admin, bound("c4nary-1"))
    await put(api, admin, bound("c4nary-2"))
    for path in (PROVIDERS, f"{PROVIDERS}?limit=1", f"{PROVIDERS}?types=ldap"):
        assert password_in((await got(api, admin, path))[0]) == "c4nary-2"
        assert password_in((await got(api, reader, path))[0]) == REDACTED
    assert password_in(await got(api, reader, f"{PROVIDERS}/openldap")) == REDACTED
    entries = await got(api, admin, "/api/sensu/v1/audit")
    changes = [entry for entry in entries if entry.get("type") == "ldap"]
    assert [(entry["action"], entry.get("secrets_changed")) for entry in changes] == [
        ("update", True),
        ("create", None),
    ]
    assert "c4nary" not in json.dumps(entries)
    stored = [body async for chunk in api.store.bodies("authentication/v2.Provider", None) for body in chunk]
    assert [b"c4nary" in body for body in stored] == [False]
    assert not any(b"c4nary" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


async def test_redacted_keeps_the_stored_password(api: RunningApi, admin: str) -> None:
    """A provider that is sent with REDACTED keeps its password if its account and server stay the same."""
    await put(api, admin, bound("s3cret"))
    await put(api, admin, bound(REDACTED, insecure=True))
    kept = await got(api, admin, f"{PROVIDERS}/openldap")
    assert (password_in(kept), kept["spec"]["servers"][0]["insecure"]) == ("s3cret", True)
    message = await put(api, admin, bound(REDACTED, host="ldap.example.org"), status=400)
    assert message == (
        "the password of cn=binder,dc=acme,dc=org at ldap.example.org:636 is REDACTED, which keeps the stored value, "
        "but none is stored; enter it"
    )


async def test_a_watch_shows_what_a_list_shows(api: RunningApi, admin: str) -> None:
    """Followers of the list get the password if they may change providers, and REDACTED otherwise."""
    reader = await reader_of(api, admin, "authproviders")
    for who, expected in ((admin, "s3cret"), (reader, REDACTED)):
        headers = {"Authorization": who}
        async with api.http.get(f"{api.url}{PROVIDERS}?watch=true", headers=headers) as stream:
            await anext(stream.content.__aiter__())
            await put(api, admin, bound("other"))
            await put(api, admin, bound("s3cret"))
            found: list[str] = []
            async for line in stream.content:
                if line.startswith(b"data: ") and b"servers" in line:
                    found.append(password_in(json.loads(line.removeprefix(b"data: "))))
                if len(found) == 2:
                    break
        assert found[-1] == expected


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"servers": []}, "servers must have at least one server"),
        ({"servers": [{"host": "ldap://x"}]}, "servers[0].host must be the name or the IP address of a server"),
        ({"servers": [{"host": "x", "port": 70000}]}, "servers[0].port must be from 1 to 65535"),
        ({"servers": [{"host": "x", "security": "ssl"}]}, "servers[0].security must be one of tls, starttls, insecure"),
        ({"servers": [{"host": "x", "client_cert_file": "/a"}]}, "servers[0].client_key_file must be set"),
        ({"servers": [{"host": "x", "trusted_ca_file": "ca.pem"}]}, "servers[0].trusted_ca_file must be an absolute"),
        (
            {"servers": [{"host": "x", "security": "insecure", "trusted_ca_file": "/ca"}]},
            "servers[0].trusted_ca_file has no effect with security: insecure",
        ),
        ({"servers": [{"host": "x", "binding": {"user_dn": "cn=a"}}]}, "servers[0].binding.password must be set"),
        ({"servers": [{"host": "x"}]}, "servers[0].user_search.base_dn must be set"),
        (
            {"servers": [{"host": "x", "user_search": {"base_dn": "dc=x", "attribute": "a)(b"}}]},
            "servers[0].user_search.attribute must be the name of an attribute",
        ),
    ],
)
async def test_a_wrong_provider_is_refused(api: RunningApi, admin: str, spec: dict[str, Any], message: str) -> None:
    """A refusal names the field and the rule."""
    found = await put(api, admin, provider("wrong", **spec), status=400)
    assert found.startswith(f"resource is invalid: {message}")


async def test_names_and_types_are_checked(api: RunningApi, admin: str) -> None:
    """A provider has the name of its URL, without colons and spaces, and one of the known types."""
    body = provider("a:b")
    assert "name must consist of" in await put(api, admin, body, status=400)
    answer = await api.call("PUT", f"{PROVIDERS}/other", provider(), Authorization=admin)
    assert (answer.status, b"does not match the name of the URI" in answer.body) == (400, True)
    assert (
        await put(api, admin, provider(of="kerberos"), status=400)
        == 'type must be one of ldap, ad, oidc, not "kerberos"'
    )


async def test_rights_are_those_of_authproviders(api: RunningApi, admin: str) -> None:
    """Without a role for authproviders, a caller can neither read nor change them; with one, what its verbs say."""
    reader = await reader_of(api, admin, "authproviders")
    await put(api, admin, provider())
    assert (await api.call("GET", PROVIDERS, Authorization=reader)).status == 200
    assert (await api.call("PUT", f"{PROVIDERS}/openldap", provider(), Authorization=reader)).status == 403
    assert (await api.call("DELETE", f"{PROVIDERS}/openldap", Authorization=reader)).status == 403
    user = {"username": "nobody", "password": "P@ssw0rd!"}
    assert (await api.call("PUT", f"{CORE}/users/nobody", user, Authorization=admin)).status == 201
    for path in (PROVIDERS, f"{PROVIDERS}/openldap"):
        assert (await api.call("GET", path, Authorization=await api.token("nobody"))).status == 403


async def test_the_forms_of_the_documentation_are_accepted(api: RunningApi, admin: str) -> None:
    """A single server needs no list, keys are found in any case, and null is what is left out."""
    body = provider()
    body["Type"] = body.pop("type")
    body["spec"]["servers"] = {**body["spec"]["servers"][0], "port": None, "binding": None, "client_cert_file": None}
    await put(api, admin, body)
    assert [server["port"] for server in (await got(api, admin, f"{PROVIDERS}/openldap"))["spec"]["servers"]] == [636]


async def test_the_reference_describes_every_type(api: RunningApi, admin: str) -> None:
    """OpenAPI has the schema of each type and the operations on their list."""
    described = json.loads((await api.call("GET", "/openapi.json")).body)
    assert {"get"} <= set(described["paths"][PROVIDERS])
    assert {"get", "put", "delete"} <= set(described["paths"][f"{PROVIDERS}/{{name}}"])
    assert {"ldap", "ad", "oidc"} <= set(described["components"]["schemas"])


async def test_a_provider_without_prefix_for_groups_is_warned_about(api: RunningApi, admin: str) -> None:
    """Groups of a directory that are named like those of the installation would have their rights: a header says so."""
    warned = await api.call("PUT", f"{PROVIDERS}/openldap", provider(), Authorization=admin)
    assert warned.headers["Sensu-Notice"].startswith("without groups_prefix, a group of the directory has the rights")
    body = provider(groups_prefix="ldap")
    assert "Sensu-Notice" not in (await api.call("PUT", f"{PROVIDERS}/openldap", body, Authorization=admin)).headers


def identity_provider(name: str = "idp", **spec: Any) -> dict[str, Any]:
    """An identity provider with the least that is required."""
    least = {
        "server": "https://idp.example.org",
        "client_id": "sensu",
        "client_secret": "s3",
        "username_claim": "email",
    }
    return {
        "type": "oidc",
        "api_version": "authentication/v2",
        "metadata": {"name": name},
        "spec": {**least, **spec},
    }


async def test_an_identity_provider_has_every_documented_field(api: RunningApi, admin: str) -> None:
    """What is left out is shown empty; the secret is kept, and hidden from those who may not change providers."""
    reader = await reader_of(api, admin, "authproviders")
    await put(api, admin, identity_provider())
    await put(api, admin, identity_provider(client_secret=REDACTED, groups_prefix="idp"))
    shown = await got(api, admin, f"{PROVIDERS}/idp")
    assert shown["spec"] == {
        "additional_scopes": [],
        "client_id": "sensu",
        "client_secret": "s3",
        "disable_offline_access": False,
        "redirect_uri": "",
        "server": "https://idp.example.org",
        "groups_claim": "",
        "groups_prefix": "idp",
        "username_claim": "email",
        "username_prefix": "",
    }
    assert (await got(api, reader, f"{PROVIDERS}/idp"))["spec"]["client_secret"] == REDACTED
    moved = identity_provider(client_secret=REDACTED, server="https://other.example.org")
    assert "is REDACTED, which keeps the stored value" in await put(api, admin, moved, status=400)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"client_id": ""}, "client_id must be set"),
        ({"client_secret": ""}, "client_secret must be set"),
        ({"username_claim": ""}, "username_claim must be set"),
        ({"server": "idp.example.org"}, "server must be the https or http URL of the issuer"),
        ({"server": "https://idp.example.org/?a=b"}, "server must be the https or http URL of the issuer"),
        ({"server": "https://idp.example.org:x"}, "server must be the https or http URL of the issuer"),
        ({"redirect_uri": "https://sensu.example.org/callback"}, "redirect_uri must be an https or http URL that ends"),
        ({"additional_scopes": ["email groups"]}, "additional_scopes must be at most 32 scopes, without spaces"),
    ],
)
async def test_a_wrong_identity_provider_is_refused(
    api: RunningApi, admin: str, spec: dict[str, Any], message: str
) -> None:
    """A refusal names the field and the rule."""
    found = await put(api, admin, identity_provider(**spec), status=400)
    assert found.startswith(f"resource is invalid: {message}")
