"""Names are found by a part of them, and searches are completed."""

from typing import Any

from sensu.backend.stored_form import put
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, ENTITY, NAMESPACE
from sensu.resources.namespace import Namespace
from sensu.testing.factories import make_check, make_check_config, make_entity, make_event
from tests.flows.operator_world import OWN, Operator, rule

FIND = "/api/sensu/v1/find"


def result(entity: str, check: str, region: str = "") -> Event:
    labels = {"region": region} if region else {}
    made = make_check(check, 0, subscriptions=("linux", "web"), executed=1_700_000_000)
    return make_event(make_entity(entity, labels=labels), made)


async def names(operator: Operator, query: str) -> list[tuple[str, str, str]]:
    found = (await operator.get(f"{FIND}?{query}"))["found"]
    return [(one["resource"], one["namespace"], one["name"]) for one in found]


async def values(operator: Operator, query: str) -> list[tuple[str, int]]:
    answer: dict[str, Any] = await operator.get(f"{OWN}/search/values?{query}")
    assert not answer["partial"]
    return [(one["value"], one["count"]) for one in answer["values"]]


async def test_everything_is_found_by_a_part_of_its_name(operator: Operator) -> None:
    """Resources of all kinds and namespaces are found, and events by entity or check, the best matches first."""
    prod = make_check_config("web", namespace="prod")
    writes = [put(NAMESPACE, Namespace(name="prod")), put(CHECK, prod), put(ENTITY, make_entity("web1"))]
    await operator.api.store.commit([*writes, put(ENTITY, make_entity("cobweb"))])
    await operator.report(result("web1", "http"))
    assert await names(operator, "word=WEB") == [
        ("checks", "prod", "web"),
        ("entities", "default", "web1"),
        ("events", "default", "web1/http"),
        ("entities", "default", "cobweb"),
    ]
    assert len(await names(operator, "word=web&limit=2")) == 2
    for wrong in ("", "word=", "word=a&limit=0", "word=a&limit=101", f"word={'x' * 201}"):
        assert (await operator.ask("GET", f"{FIND}?{wrong}"))[0] == 400, wrong


async def test_only_what_the_caller_may_list_is_found(operator: Operator) -> None:
    """Names of kinds and namespaces that a caller may not list are in no answer; those of API keys never are."""
    await operator.api.store.commit([put(ENTITY, make_entity("web1")), put(CHECK, make_check_config("web"))])
    await operator.report(result("web1", "http"))
    bob = await operator.with_rules(rule("checks", "list"), rule("entities events", "get"))
    assert await names(bob, "word=web") == [("checks", "default", "web")]
    for query in ("fields?of=events", "values?of=events&field=entity.name"):
        assert (await bob.ask("GET", f"{OWN}/search/{query}"))[0] == 403
    assert (await operator.ask("POST", "/api/core/v2/apikeys", {"username": "admin"}))[0] == 201
    status, keys = await operator.ask("GET", "/api/core/v2/apikeys")
    assert status == 200
    assert await names(operator, f"word={keys[0]['metadata']['name'][:8]}") == []


async def test_values_are_counted_by_field_and_label(operator: Operator) -> None:
    """The most frequent values come first; lists count each of their elements, and labels are found by name."""
    await operator.report(
        result("web1", "http", "eu-west"), result("web1", "disk", "eu-west"), result("web2", "http", "eu-east"),
        result("web3", "http", "us"), result("web4", "http"),
    )  # fmt: skip
    assert await values(operator, "of=events&field=labels.region&prefix=EU") == [("eu-west", 2), ("eu-east", 1)]
    assert await values(operator, "of=events&field=event.check.name&limit=1") == [("http", 4)]
    assert await values(operator, "of=events&field=check.subscriptions") == [("linux", 5), ("web", 5)]
    assert await values(operator, "of=events&field=labels") == [("region", 4)]
    assert await values(operator, "of=events&field=nothing") == []
    for wrong in ("of=users&field=a", "of=x&field=a", "of=events", "of=events&field=a&limit=101"):
        assert (await operator.ask("GET", f"{OWN}/search/values?{wrong}"))[0] == 400, wrong


async def test_fields_of_a_kind_are_listed(operator: Operator) -> None:
    """Each field has the name that selectors use; names that an index finds are marked."""
    found = (await operator.get(f"{OWN}/search/fields?of=events"))["fields"]
    by_name = {one["name"]: one for one in found}
    assert by_name["event.check.status"]["operators"] == ["==", "!=", "in", "notin", "matches"]
    assert [name for name, one in by_name.items() if one["indexed"]] == ["event.check.name", "event.entity.name"]
    assert "labels" in by_name
