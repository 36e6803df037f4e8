import pytest

from sensu.resources.metadata import ObjectMeta
from sensu.rules.proxy_entity import looked_up, made_for, with_own_subscription
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event, make_proxy


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (make_event(make_entity("web1")), None),
        (make_event(make_proxy("router1")), "router1"),
        (make_event(make_entity("web1"), make_check(proxy_entity_name="router1")), "router1"),
        (make_event(make_proxy("a"), make_check(proxy_entity_name="b")), "b"),
        (make_metrics_event(make_proxy("router1")), None),
    ],
    ids=["agent", "proxy", "on behalf", "proxy on behalf", "metrics"],
)
def test_whose_entity_the_store_supplies(event, expected: str | None) -> None:
    """An agent's own entity is used as it is sent; any other is the stored one, by the name the check gives first."""
    assert looked_up(event) == expected


def test_a_proxy_is_made_of_the_entity_that_was_sent() -> None:
    """An unknown entity keeps its labels and subscriptions, is a proxy, and remembers who sent the event."""
    entity = make_proxy("router1", subscriptions=["x"], labels={"a": "b"}, entity_class="switch")
    made = made_for(make_event(entity, metadata=ObjectMeta(created_by="ann")), "router1")
    assert (made.entity_class, made.subscriptions) == ("proxy", ("x", "entity:router1"))
    assert (made.metadata.labels, made.metadata.created_by) == ({"a": "b"}, "ann")


def test_a_proxy_that_a_check_names_is_bare() -> None:
    """The agent that ran the check gives the new proxy nothing of its own."""
    event = make_event(make_entity("web1", labels={"a": "b"}), make_check(proxy_entity_name="router1"))
    made = made_for(event, "router1")
    assert (made.metadata.name, made.metadata.namespace, made.metadata.labels) == ("router1", "default", {})
    assert (made.entity_class, made.subscriptions) == ("proxy", ("entity:router1",))


def test_the_own_subscription_is_there_once() -> None:
    """An entity has its own subscription, in the place where it was."""
    assert with_own_subscription(None, "a") == ("entity:a",)
    assert with_own_subscription(("entity:a", "x"), "a") == ("entity:a", "x")
