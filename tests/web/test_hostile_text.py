"""Hostile text in every field of every kind: each page that shows it shows it as text."""

import json
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Page, expect

from sensu.resources.envelope import unwrapped
from sensu.resources.kinds import (
    ASSET,
    CHECK,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ENTITY,
    EVENT_FILTER,
    GLOBAL_CONFIG,
    HANDLER,
    HOOK,
    MUTATOR,
    NAMESPACE,
    PIPELINE,
    ROLE,
    ROLE_BINDING,
    RULE_TEMPLATE,
    SEARCH,
    SECRET,
    SERVICE_COMPONENT,
    SILENCED,
    USER,
    Kind,
)
from tests.web.browser import PHONE, Visits
from tests.web.hostile import PAYLOAD, Document, hostile_document, hostile_fields
from tests.web.test_shell import open_signed_in
from tests.web.world import World

_HERE = {"metadata": {"name": "hostile", "namespace": "default"}}
_CLUSTER = {"metadata": {"name": "hostile"}}
_MAY_GET_CHECKS = [{"verbs": ["get"], "resources": ["checks"]}]
_ANN = [{"type": "User", "name": "ann"}]
_WORKFLOW = {"name": "w", "handler": {"name": "hostile", "type": "Handler", "api_version": "core/v2"}}
_QUOTED = json.dumps(PAYLOAD)
KINDS: dict[Kind, Document] = {
    CHECK: {**_HERE, "spec": {"command": "true", "interval": 60, "publish": False}},
    HANDLER: {**_HERE, "spec": {"type": "pipe", "command": "true"}},
    EVENT_FILTER: {**_HERE, "spec": {"action": "allow", "expressions": [f"event.check.output == {_QUOTED}"]}},
    MUTATOR: {**_HERE, "spec": {"type": "pipe", "command": "cat"}},
    HOOK: {**_HERE, "spec": {"command": "ps", "timeout": 10}},
    ASSET: {**_HERE, "spec": {"url": "https://example.com/a.tar.gz", "sha512": "ab" * 64}},
    PIPELINE: {**_HERE, "spec": {"workflows": [_WORKFLOW]}},
    ENTITY: {**_HERE, "spec": {"entity_class": "proxy", "last_seen": 1}},
    SILENCED: {
        "metadata": {"name": "linux:hostile", "namespace": "default"},
        "spec": {"subscription": "linux", "check": "hostile"},
    },
    SECRET: {**_HERE, "spec": {"provider": "env", "id": "TOKEN"}},
    SEARCH: {**_HERE, "spec": {"parameters": [f"check:{PAYLOAD}"], "resource": "core.v2/Event"}},
    GLOBAL_CONFIG: {"metadata": {"name": "custom"}, "spec": {"signin_message": PAYLOAD}},
    ROLE: {**_HERE, "spec": {"rules": _MAY_GET_CHECKS}},
    CLUSTER_ROLE: {**_CLUSTER, "spec": {"rules": _MAY_GET_CHECKS}},
    ROLE_BINDING: {**_HERE, "spec": {"subjects": _ANN, "role_ref": {"type": "Role", "name": "hostile"}}},
    CLUSTER_ROLE_BINDING: {
        **_CLUSTER,
        "spec": {"subjects": _ANN, "role_ref": {"type": "ClusterRole", "name": "hostile"}},
    },
    RULE_TEMPLATE: {
        **_HERE,
        "spec": {
            "eval": f"return {_QUOTED};",
            "arguments": {"properties": {"a": {"enum": [PAYLOAD]}}, "required": ["a"]},
        },
    },
    SERVICE_COMPONENT: {
        **_HERE,
        "spec": {
            "services": ["hostile"],
            "interval": 60,
            "cron": "",
            "query": [{"type": "fieldSelector", "value": f"event.check.output == {json.dumps('x' * 2000)}"}],
            "rules": [{"name": "hostile", "template": "hostile", "arguments": {"a": PAYLOAD}}],
        },
    },
    USER: {"spec": {"username": "hostile", "password": "P@ssw0rd!", "groups": ["ops"]}},
    NAMESPACE: {"spec": {"name": "hostile"}},
}
"""Each kind that people write, with a document that is valid: what the payload may not replace comes from it."""


WITH_FORM = (CHECK, HANDLER, EVENT_FILTER, MUTATOR, HOOK, ASSET, PIPELINE, ENTITY, SECRET)
PAGES = {
    **dict.fromkeys((*WITH_FORM, SERVICE_COMPONENT, RULE_TEMPLATE), ("", "/hostile", "/hostile/edit")),
    SILENCED: ("?view=calendar", "", "/linux:hostile"),
}
"""The pages of kinds, after `/n/default/` and the segment of the kind."""
OTHERS = {
    "events": ("/n/default/events/hostile/hostile", "/n/default/events", "/n/default/"),
    "access": ("/access/roles", "/access/bindings", "/access/users", "/access/who?verb=get&resource=checks"),
    "installation": ("/settings", "/namespaces", "/", "/sign-in"),
    "services": ("/n/default/services", "/n/default/service-components", "/n/default/rule-templates/hostile"),
    "audit": ("/audit", "/me?tab=sessions"),
}
_LOOK = """() => ({
  harmed: window.harmed !== undefined,
  made: document.querySelectorAll('img[src=x], body script:not([src])').length,
  links: [...document.querySelectorAll('a[href]')].filter((each) => each.protocol === 'javascript:').length,
  wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
})"""
_HARMLESS = {"harmed": False, "made": 0, "links": 0, "wider": 0}


FEWEST_FIELDS = {USER: 1, NAMESPACE: 0, RULE_TEMPLATE: 4, SERVICE_COMPONENT: 4}
"""How many fields of a kind take the payload at least: names are words, so namespaces take it nowhere."""


@pytest.fixture(scope="module", autouse=True)
def written(world: World) -> None:
    """Every kind with the payload wherever it may stand, and a failing event with it in output, hooks and metrics."""
    made = {kind: hostile_document(world, kind, base) for kind, base in KINDS.items()}
    for kind, document in made.items():
        assert len(hostile_fields(document)) >= FEWEST_FIELDS.get(kind, 6), f"{kind.type}: {hostile_fields(document)}"
        metadata, body = document["metadata"], document if kind.wrapped else unwrapped(kind, document)
        name = metadata.get("name") or document["spec"][kind.named_by]
        world.api("PUT", kind.path(metadata.get("namespace", ""), name), body)
    check = unwrapped(CHECK, made[CHECK]) | {"status": 2, "output": f"{PAYLOAD} {'y' * 300_000}"}
    check |= {"output_metric_thresholds": [], "proxy_entity_name": ""}
    check["hooks"] = [{**unwrapped(HOOK, made[HOOK]), "output": PAYLOAD, "status": 1}]
    point = {"name": PAYLOAD, "value": 1.0, "timestamp": 1, "tags": [{"name": PAYLOAD, "value": PAYLOAD}]}
    event = {"entity": unwrapped(ENTITY, made[ENTITY]), "check": check, "metrics": {"points": [point]}}
    world.api("POST", "/api/core/v2/namespaces/default/events", event)


@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.segment)
def test_each_page_of_a_kind_shows_hostile_text_as_text(visits: Visits, kind: Kind) -> None:
    """List, page with each of its tabs, and form: nothing is executed, no page is wider than a phone."""
    where = "silences" if kind is SILENCED else kind.segment
    look_at(visits, [f"/n/default/{where}{page}" for page in PAGES[kind]])


@pytest.mark.parametrize("part", OTHERS)
def test_pages_of_several_kinds_show_hostile_text_as_text(visits: Visits, part: str) -> None:
    """Events, access, the installation and the audit log: nothing is executed, no page is wider than a phone."""
    look_at(visits, OTHERS[part])


def look_at(visits: Visits, paths: Sequence[str]) -> None:
    page = open_signed_in(visits, paths[0], size=PHONE, user_agent=PAYLOAD[: PAYLOAD.index(" javascript")])
    shown = False
    for path in paths:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for _ in opened_parts(page):
            expect(page.locator("main [aria-busy=true]")).to_have_count(0)
            assert page.evaluate(_LOOK) == _HARMLESS, page.url
            shown = shown or "window.harmed" in page.locator("body").aria_snapshot()
    assert shown, f"the payload is nowhere in {paths}"


def opened_parts(page: Page) -> Iterator[None]:
    """The page as it is, and again after each tab and each fold of it was opened."""
    yield None
    for tab in page.get_by_role("tab").all():
        tab.click()
        yield None
    for fold in page.locator("details:not([open]) > summary").all():
        if fold.is_visible():
            fold.click()
    yield None
