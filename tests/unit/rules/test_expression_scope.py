"""What expressions and mutators see."""

from typing import Any

from sensu.rules.expression_scope import entity_config_scope, entity_scope, event_scope

ENTITY: dict[str, Any] = {
    "entity_class": "agent",
    "redact": ["secret"],
    "system": {"os": "linux"},
    "metadata": {"name": "web1", "namespace": "default", "labels": {"secret": "x", "region": "eu"}},
}
EVENT: dict[str, Any] = {
    "entity": ENTITY,
    "check": {"status": 0, "state": "flapping", "history": [{"status": 2}, {"status": 0}], "handlers": None,
              "metadata": {"name": "cpu", "namespace": "default"}},
    "id": "01020304-0506-4708-890a-0b0c0d0e0f10",
    "metadata": {"namespace": "default"},
}  # fmt: skip


def test_metadata_is_hoisted() -> None:
    """Expressions find names and labels beside the other fields, not under metadata."""
    scope = event_scope(EVENT)
    assert (scope["namespace"], scope["check"]["name"], scope["entity"]["labels"]["region"]) == ("default", "cpu", "eu")
    assert "metadata" not in scope and "metadata" not in scope["check"] and "metadata" not in scope["entity"]


def test_every_field_is_there() -> None:
    """Unset lists are empty lists, unset labels empty objects, absent objects absent."""
    scope = event_scope(EVENT)
    assert scope["check"]["handlers"] == [] and scope["check"]["labels"] == {} and scope["pipelines"] == []
    assert "metrics" not in scope and scope["id"][:4] == [1, 2, 3, 4]


def test_flags() -> None:
    """The flags tell of the event what they are named after."""
    scope = event_scope(EVENT)
    flags = {name: value for name, value in scope.items() if name.startswith(("is_", "has_"))}
    assert flags == {
        "has_check": True, "has_metrics": False, "is_incident": False, "is_resolution": True, "is_silenced": False,
        "is_flapping_start": True, "is_flapping_end": False,
    }  # fmt: skip


def test_secrets_are_redacted() -> None:
    """An expression cannot read a redacted label, and the event itself keeps it."""
    assert event_scope(EVENT)["entity"]["labels"] == {"secret": "REDACTED", "region": "eu"}
    assert ENTITY["metadata"]["labels"]["secret"] == "x"


def test_entity_scopes() -> None:
    """Asset filters see the system; entity attributes see the configuration alone, with metadata both ways."""
    assert entity_scope(ENTITY)["system"]["os"] == "linux"
    configuration = entity_config_scope(ENTITY)
    assert "system" not in configuration and configuration["metadata"]["name"] == configuration["name"] == "web1"
