"""Which resources selectors choose."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.documents import document_shape
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import (
    CHECK,
    ENTITY,
    EVENT,
    EVENT_FILTER,
    NAMESPACE,
    SILENCED,
    STORED_TYPES,
    USER,
    Kind,
)
from sensu.resources.metadata import ObjectMeta, PipelineReference
from sensu.resources.namespace import Namespace
from sensu.resources.user import User
from sensu.resources.wire import encode
from sensu.rules.kinds.table import selectable_of
from sensu.rules.selectors.selection import CHARACTERS_MAX, Selection, compiled
from sensu.testing.factories import make_check, make_check_config, make_entity, make_event, make_silence


def holds(kind: Kind, resource: Any, *, label: str = "", field: str = "") -> bool:
    selection = compiled(selectable_of(kind), (label,), (field,))
    assert isinstance(selection, Selection), selection
    return selection.holds(encode(resource))


def labelled(resource: Any, **labels: str) -> Any:
    return msgspec.structs.replace(resource, metadata=msgspec.structs.replace(resource.metadata, labels=labels))


EVENT_AT_WORK = make_event(
    labelled(make_entity("web1", subscriptions=("linux", "entity:web1")), region="eu", tier="entity"),
    labelled(
        make_check("http", 2, subscriptions=("web", "linux"), publish=True, state="failing", last_ok=5), tier="check"
    ),
    timestamp=1700000000,
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("event.check.status == '2'", True),
        ("event.check.status == '0'", False),
        ("event.check.status in ['1', '2']", True),
        ("event.check.state == failing", True),
        ("event.check.publish == true", True),
        ("event.is_silenced == false", True),
        ("event.check.is_silenced != false", False),
        ("event.entity.name == web1", True),
        ("event.entity.name matches eb", True),
        ("event.namespace == default", True),
        ("event.check.last_ok == '5' && event.timestamp == '1700000000'", True),
        ("linux in event.check.subscriptions", True),
        ("lin in event.check.subscriptions", False),
        ("windows notin event.entity.subscriptions", True),
        ("event.check.subscriptions == 'web,linux'", True),
        ("event.labels.region == eu", True),
        ("event.labels.tier == check", True),
        ("event.entity.status == '2'", False),
        ("event.entity.status != '2'", True),
        ("check.name == http", False),
        ("event.check.name == http event.check.name == smtp", False),
    ],
)
def test_fields_choose_events(selector: str, expected: bool) -> None:
    """Fields compare as texts, lists by their elements, and fields that there are not by their absence."""
    assert holds(EVENT, EVENT_AT_WORK, field=selector) is expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("region == eu", True),
        ("region == us", False),
        ("region != us", True),
        ("tier == check", True),
        ("'tier' matches 'hec'", True),
        ("rack == r1", False),
        ("rack != r1", True),
        ("rack notin [r1, r2]", True),
        ("rack in [r1, r2]", False),
        ("rack matches r", False),
    ],
)
def test_labels_of_entity_and_check_choose_events(selector: str, expected: bool) -> None:
    """An event carries the labels of its entity and its check, the check's where both have one."""
    assert holds(EVENT, EVENT_AT_WORK, label=selector) is expected


def test_a_resource_without_labels_passes_what_is_excluded() -> None:
    """A missing label fails what is required and passes what is excluded."""
    assert holds(CHECK, make_check_config(), label="region != eu")
    assert not holds(CHECK, make_check_config(), label="region == eu")


@pytest.mark.parametrize(
    ("kind", "resource", "selector"),
    [
        (
            CHECK,
            make_check_config(pipelines=(PipelineReference(name="p1"),)),
            "'core/v2.Pipeline(Name=p1)' in check.pipelines",
        ),
        (CHECK, make_check_config(round_robin=False), "check.round_robin == false"),
        (ENTITY, make_entity(user="agent"), "entity.user == agent && entity.entity_class == agent"),
        (SILENCED, make_silence("linux", reason="works"), "silenced.reason == works && silenced.subscription == linux"),
        (SILENCED, make_silence("linux"), "silenced.expire_on_resolve == false"),
        (USER, User(username="ada", groups=("dev", "ops")), "ops in user.groups && user.disabled == false"),
        (USER, User(username="ada"), "ops notin user.groups && user.username == ada"),
        (NAMESPACE, Namespace(name="dev"), "namespace.name == dev"),
        (EVENT_FILTER, EventFilter(metadata=ObjectMeta(name="f"), action="allow"), "filter.action == allow"),
    ],
)
def test_each_kind_has_its_fields(kind: Kind, resource: Any, selector: str) -> None:
    """What the documentation lists for a kind can be asked for, whether the resource's JSON has it or leaves it out."""
    assert holds(kind, resource, field=selector)


@pytest.mark.parametrize("kind", [kind for kind in STORED_TYPES if kind.segment != "tessen"], ids=repr)
def test_every_documented_field_of_a_kind_exists_in_its_form(kind: Kind) -> None:
    """A field that selectors know is one that the kind's definition has."""
    for name, field in selectable_of(kind).fields.items():
        shape: Any = document_shape(kind)
        for step in field.path:
            members = {member.encode_name: member.type for member in msgspec.structs.fields(shape)}
            assert step in members, f"{kind.segment}: {name}"
            shape = next((a for a in getattr(members[step], "__args__", ()) if a is not type(None)), members[step])


def test_selectors_are_anded() -> None:
    """Repeated selectors of both kinds must all hold."""
    selection = compiled(selectable_of(EVENT), ("region == eu", "tier == check"), ("event.check.name == http",))
    assert isinstance(selection, Selection)
    assert selection.holds(encode(EVENT_AT_WORK))
    narrower = compiled(selectable_of(EVENT), ("region == eu", "tier == entity"), ("event.check.name == http",))
    assert isinstance(narrower, Selection)
    assert not narrower.holds(encode(EVENT_AT_WORK))


def test_a_wrong_selector_is_named() -> None:
    """The caller is told which selector stops parsing, and where."""
    assert compiled(selectable_of(CHECK), ("a == b",), ("a ==",)) == (
        "failed to parse fieldSelector: position 5: expected a value, found the end"
    )


def test_selectors_are_bounded() -> None:
    """Selectors longer than any sensible ones are refused before they cost anything, however they are cut up."""
    long = tuple("region == eu" for _ in range(CHARACTERS_MAX // 12))
    assert isinstance(compiled(selectable_of(CHECK), long, ()), Selection)
    refused = compiled(selectable_of(CHECK), long, ("check.name == a",))
    assert refused == f"the selectors of a request can have at most {CHARACTERS_MAX} characters in total"


def test_what_a_store_can_look_up_is_told() -> None:
    """Equalities of fields, and nothing else, narrow the search."""
    selectors = (
        "event.entity.name == web1 && event.check.name != x && event.labels.a == b",
        "a in event.check.handlers",
    )
    selection = compiled(selectable_of(EVENT), (), selectors)
    assert isinstance(selection, Selection)
    assert selection.equal == {"entity.name": "web1", "labels.a": "b"}


KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["x", "y", "xy", ""])


@given(st.dictionaries(KEYS, VALUES), KEYS, VALUES)
def test_an_exclusion_is_the_opposite_of_its_requirement(labels: dict[str, str], key: str, value: str) -> None:
    """For any labels, == and !=, in and notin choose each resource exactly once."""
    check = labelled(make_check_config(), **labels)
    assert holds(CHECK, check, label=f"{key} == '{value}'") is (labels.get(key) == value)
    for yes, no in (("==", "!="), ("in", "notin")):
        wanted = f"'{value}'" if yes == "==" else f"['{value}']"
        required, excluded = f"{key} {yes} {wanted}", f"{key} {no} {wanted}"
        assert holds(CHECK, check, label=required) is not holds(CHECK, check, label=excluded)


@given(st.binary(max_size=40))
def test_what_is_no_resource_is_not_chosen(body: bytes) -> None:
    """A body that is damaged is left out instead of breaking the list."""
    selection = compiled(selectable_of(CHECK), ("region == eu",), ())
    assert isinstance(selection, Selection)
    assert not selection.holds(body)
