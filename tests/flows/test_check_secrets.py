"""Checks with secrets: they run with their values, or not at all, and failing providers make events."""

import asyncio

import pytest

from sensu.backend.secrets.provider import NoSecret, SecretProvider, SecretText, SecretValue, as_value
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, NAMESPACE, SECRET
from sensu.resources.metadata import SecretReference
from sensu.resources.namespace import Namespace
from sensu.resources.secret import Secret
from sensu.testing.factories import make_check_config, make_metadata
from tests.flows.world import SYSTEM, World, what


class SlowSecrets(SecretProvider):
    """A provider of secrets on another host, which answers when a test lets it."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        await self.answers.wait()
        return SecretValue(SecretText(f"value of {secret_id}"))


async def test_a_check_that_waits_for_its_secrets_delays_no_other(world: World) -> None:
    """While a provider of secrets is slow, other checks are published; the check runs with its secrets later."""
    vault = SlowSecrets()
    world.secret_providers["vault"] = vault
    world.agents.connect("web1", "linux")
    await world.configure(SECRET, Secret(metadata=make_metadata("key"), provider="vault", id="k"))
    asking = (SecretReference(name="KEY", secret="key"),)
    await world.configure(CHECK, make_check_config("slow", interval=10, secrets=asking))
    await world.configure(CHECK, make_check_config("quick", interval=10))
    await world.clock.advance(25)
    assert set(world.agents.asked("web1")) == {"quick"}
    vault.answers.set()
    await world.settled()
    slow = [request for _, _, request in world.agents.requests if what(request) == "slow"]
    assert slow
    assert {request.secrets for request in slow} == {("KEY=value of k",)}


class Vault(SecretProvider):
    """A provider on another host, which fails and has values as a test says."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.problem = ""

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        if self.problem:
            return NoSecret(self.problem)
        found = self.values.get(secret_id)
        return NoSecret(f"{secret_id} does not exist", is_missing=True) if found is None else as_value(found)


@pytest.fixture
async def vault(world: World) -> Vault:
    """The provider `vault`, with a check that asks it for two secrets every ten seconds."""
    made = Vault()
    world.secret_providers["vault"] = made
    world.agents.connect("web1", "linux")
    await world.configure(NAMESPACE, Namespace(name=SYSTEM))
    for name in ("one", "two"):
        await world.configure(SECRET, Secret(metadata=make_metadata(name), provider="vault", id=name))
    asking = tuple(SecretReference(name=name.upper(), secret=name) for name in ("one", "two"))
    await world.configure(CHECK, make_check_config("asks", interval=10, secrets=asking))
    return made


async def about(world: World, provider: str = "vault") -> Event | None:
    await world.settled()
    return await world.event("backend1", f"secrets-{provider}", SYSTEM)


def shown(event: Event | None) -> tuple[int, str]:
    assert event is not None
    assert event.check is not None
    return event.check.status, event.check.output


async def test_a_provider_that_fails_makes_an_event(world: World, vault: Vault) -> None:
    """A check is not run without its secrets; the event says why, and ends when the provider works again."""
    vault.values = {"one": "1", "two": "2"}
    vault.problem = "https://vault:8200 did not answer"
    await world.clock.advance(11)
    assert world.agents.requests == []
    assert shown(await about(world)) == (
        2,
        "The secrets provider vault has problems:\nsecret one: https://vault:8200 did not answer",
    )
    vault.problem = ""
    await world.clock.advance(20)
    assert [request.secrets for _, _, request in world.agents.requests][-1] == ("ONE=1", "TWO=2")
    assert shown(await about(world)) == (0, "The secrets provider vault works.")


async def test_a_check_that_names_an_unknown_secret_runs_without_any(
    world: World, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    """A name without a Secret is a mistake in the check: the reference runs it, and so does this backend."""
    unknown = (SecretReference(name="THREE", secret="three"),)
    await world.configure(CHECK, make_check_config("asks", interval=10, secrets=unknown))
    await world.clock.advance(21)
    assert {request.secrets for _, _, request in world.agents.requests} == {()}
    assert "a check runs without its secrets" in caplog.messages


async def test_a_missing_value_is_a_warning(world: World, vault: Vault) -> None:
    """A provider that works but has no such value is named with the secret, and other values do not end the event."""
    vault.values = {"one": "1"}
    for _ in range(3):
        await world.clock.advance(10)
        assert shown(await about(world)) == (
            1,
            "The secrets provider vault has problems:\nsecret two: two does not exist",
        )
    assert world.agents.requests == []
    vault.values["two"] = "2"
    await world.clock.advance(20)
    assert shown(await about(world))[0] == 0


async def test_a_failure_is_repeated_once_a_minute(world: World, vault: Vault) -> None:
    """An event a minute says that a provider still fails, however many commands ask it."""
    vault.problem = "sealed"
    await world.clock.advance(301)
    event = await about(world)
    assert event is not None
    assert event.check is not None
    assert 5 <= event.check.occurrences <= 6


async def test_a_failure_of_before_a_restart_ends(world: World, vault: Vault) -> None:
    """A backend that starts when a provider works again ends the failure that it had reported before."""
    vault.problem = "sealed"
    await world.clock.advance(11)
    assert shown(await about(world))[0] == 2
    await world.restart(down_s=60)
    vault.problem, vault.values = "", {"one": "1", "two": "2"}
    world.secret_providers["vault"] = vault
    await world.clock.advance(20)
    assert shown(await about(world))[0] == 0


async def test_a_provider_that_always_worked_makes_no_event(world: World, vault: Vault) -> None:
    """Nothing is said about providers that work."""
    vault.values = {"one": "1", "two": "2"}
    await world.clock.advance(60)
    assert await about(world) is None


async def test_a_provider_that_does_not_exist_makes_an_event(world: World, vault: Vault) -> None:
    """A secret of a provider that nobody has configured is named."""
    await world.configure(SECRET, Secret(metadata=make_metadata("one"), provider="other", id="x"))
    await world.clock.advance(11)
    assert shown(await about(world, "other"))[1].endswith("secret one: the provider other does not exist")
