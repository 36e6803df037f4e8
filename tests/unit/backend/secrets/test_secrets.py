"""Secrets: looked up at their provider, and values of other hosts remembered within bounds."""

import asyncio
import copy
import json
import logging
import pickle
from collections import Counter

import msgspec
import pytest

from sensu.backend.secrets import cache as cache_module
from sensu.backend.secrets.cache import FAILURE_KEPT_S, SecretCache
from sensu.backend.secrets.env import EnvSecrets
from sensu.backend.secrets.provider import KEPT_MAX_S, NoSecret, SecretProvider, SecretText, SecretValue, as_value
from sensu.backend.secrets.resolver import Secrets
from sensu.log import JSONLines
from sensu.resources.kinds import Kind
from sensu.resources.metadata import ObjectMeta, SecretReference
from sensu.resources.secret import Secret
from sensu.testing.virtual_clock import VirtualClock


class Vault(SecretProvider):
    """A provider on another host, which answers at once unless a test holds it."""

    def __init__(self, keep_s: float = 30.0) -> None:
        self.keep_s = keep_s
        self.values = {"db#password": "s3cret"}
        self.asked: Counter[str] = Counter()
        self.open = asyncio.Event()
        self.open.set()
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        self.asked[secret_id] += 1
        await self.open.wait()
        if secret_id == "broken":
            raise OSError("refused, s3cret")
        found = self.values.get(secret_id)
        return NoSecret(f"{secret_id} does not exist") if found is None else as_value(found, self.keep_s)


class Records:
    """The secret `s` of a provider."""

    def __init__(self, provider: str, secret_id: str) -> None:
        self._secret = Secret(metadata=ObjectMeta(name="s", namespace="default"), provider=provider, id=secret_id)

    def get(self, kind: Kind, namespace: str, name: str) -> Secret | None:
        return self._secret if name == "s" else None


ASKED = [SecretReference(name="TOKEN", secret="s")]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(0.0)


async def test_no_secret_reads_the_backends_own_credentials(clock: VirtualClock) -> None:
    """A secret whose variable is the backend's own has no value; any other variable is read."""
    env = EnvSecrets({"SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD": "hidden", "TEAM_TOKEN": "shown"})
    own = Secrets(Records("env", "SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD"), SecretCache(clock), lambda: {"env": env})
    found = await own.variables("default", ASKED)
    assert isinstance(found, NoSecret)
    assert "hidden" not in found.why
    team = Secrets(Records("env", "TEAM_TOKEN"), SecretCache(clock), lambda: {"env": env})
    assert await team.variables("default", ASKED) == [("TOKEN", SecretText("shown"))]


async def test_variables_of_the_backend_are_read_at_each_use(clock: VirtualClock) -> None:
    """The environment is local, so that a changed value counts at once."""
    environment = {"TEAM_TOKEN": "old"}
    secrets = Secrets(Records("env", "TEAM_TOKEN"), SecretCache(clock), lambda: {"env": EnvSecrets(environment)})
    assert await secrets.variables("default", ASKED) == [("TOKEN", SecretText("old"))]
    environment["TEAM_TOKEN"] = "new"
    assert await secrets.variables("default", ASKED) == [("TOKEN", SecretText("new"))]


@pytest.mark.parametrize(
    ("provider", "secret", "why"),
    [
        ("vault", "other", "secret other does not exist"),
        ("conjur", "s", "secret s: the provider conjur does not exist"),
        ("vault", "s", "secret s: nothing does not exist"),
    ],
)
async def test_a_missing_secret_is_named(clock: VirtualClock, provider: str, secret: str, why: str) -> None:
    """The error names the secret, and its provider or the id that the provider does not know."""
    secrets = Secrets(Records(provider, "nothing"), SecretCache(clock), lambda: {"vault": Vault()})
    asked = [SecretReference(name="TOKEN", secret=secret)]
    found = await secrets.variables("default", asked)
    assert isinstance(found, NoSecret)
    assert (found.why, found.is_unknown) == (why, secret == "other")


async def test_a_provider_that_does_not_answer_costs_a_bounded_time(clock: VirtualClock) -> None:
    """Commands wait for a provider up to the time limit, and the next ones fail at once."""
    vault = Vault()
    vault.timeout_s = 0.01
    vault.open.clear()
    secrets = Secrets(Records("vault", "db#password"), SecretCache(clock), lambda: {"vault": vault})
    silent = NoSecret("secret s: the provider did not answer within 0.01 s")
    assert await secrets.variables("default", ASKED) == silent
    assert await secrets.variables("default", ASKED) == silent
    assert vault.asked["db#password"] == 1
    await clock.advance(FAILURE_KEPT_S)
    vault.open.set()
    assert await secrets.variables("default", ASKED) == [("TOKEN", SecretText("s3cret"))]


async def test_values_are_fetched_once_until_they_expire(clock: VirtualClock) -> None:
    """A value is remembered as long as its provider allows; an expired one is fetched again."""
    cache, vault = SecretCache(clock), Vault(keep_s=30)
    for _ in range(2):
        assert await cache.value(vault, "db#password") == as_value("s3cret", 30)
    assert vault.asked["db#password"] == 1
    await clock.advance(30)
    vault.values["db#password"] = "rotated"
    assert await cache.value(vault, "db#password") == as_value("rotated", 30)


async def test_no_value_is_remembered_for_longer_than_the_maximum(clock: VirtualClock) -> None:
    """A lease of 32 days is asked about again after the maximum age."""
    cache, vault = SecretCache(clock), Vault(keep_s=2_764_800)
    await cache.value(vault, "db#password")
    await clock.advance(KEPT_MAX_S)
    await cache.value(vault, "db#password")
    assert vault.asked["db#password"] == 2


async def test_commands_that_start_together_share_a_request(clock: VirtualClock) -> None:
    """A hundred commands ask once, and one of them that is cancelled takes nothing from the others."""
    cache, vault = SecretCache(clock), Vault()
    vault.open.clear()
    asking = [asyncio.create_task(cache.value(vault, "db#password")) for _ in range(100)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    vault.open.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert found[1:] == [as_value("s3cret", 30)] * 99
    assert vault.asked["db#password"] == 1


async def test_an_edited_provider_starts_with_nothing_remembered(clock: VirtualClock) -> None:
    """Values that were fetched with the settings of before are not used with the new ones."""
    cache, before, after = SecretCache(clock), Vault(), Vault()
    after.values["db#password"] = "elsewhere"
    await cache.value(before, "db#password")
    assert await cache.value(after, "db#password") == as_value("elsewhere", 30)


async def test_the_values_of_a_provider_that_is_gone_are_forgotten(clock: VirtualClock) -> None:
    """A provider that was edited or deleted leaves no value in memory, and is closed."""
    cache, gone, stays = SecretCache(clock), Vault(), Vault()
    for vault in (gone, stays):
        await cache.value(vault, "db#password")
    cache.forget(gone)
    assert (gone.is_closed, stays.is_closed) == (True, False)
    for vault in (gone, stays):
        await cache.value(vault, "db#password")
    assert (gone.asked["db#password"], stays.asked["db#password"]) == (2, 1)


async def test_the_cache_is_bounded_by_number_and_size(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond either bound the least recently used value is forgotten, and a value that is too large is not kept."""
    monkeypatch.setattr(cache_module, "VALUES_MAX", 2)
    monkeypatch.setattr(cache_module, "BYTES_MAX", 10)
    cache, vault = SecretCache(clock), Vault()
    vault.values = {"a": "1", "b": "2", "c": "3", "long": "9 letters", "huge": "x" * 11}
    for wanted in ("a", "b", "a", "c", "a"):
        await cache.value(vault, wanted)
    assert vault.asked["a"] == 1
    await cache.value(vault, "b")
    assert vault.asked["b"] == 2
    for wanted in ("long", "a", "b"):
        await cache.value(vault, wanted)
    assert vault.asked["a"] + vault.asked["b"] >= 4
    for _ in range(2):
        await cache.value(vault, "huge")
    assert vault.asked["huge"] == 2


async def test_errors_and_logs_of_a_failing_provider_show_no_value(
    clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What an exception or a value says of itself is in no log, error or representation."""
    with caplog.at_level(logging.DEBUG):
        found = await SecretCache(clock).value(Vault(), "broken")
    assert found == NoSecret("the provider failed")
    assert "s3cret" not in caplog.text + repr([getattr(record, "fields", "") for record in caplog.records])


def test_whatever_shows_a_secret_text_shows_asterisks() -> None:
    """Formats, representations and logs of a value have three asterisks; it is in no JSON, copy or pickle."""
    text = SecretText("s3cret")
    shown = [str(text), repr(text), f"{text}", f"{text!r}", "%s" % text, repr([text]), str({"a": text})]  # noqa: UP031
    shown.append(repr(SecretValue(text, 30)))
    line = logging.LogRecord("sensu.secrets", logging.DEBUG, "", 0, "got %s", (text,), None)
    line.fields = {"value": text}
    shown.append(JSONLines().format(line))
    assert not [one for one in shown if "s3cret" in one or "***" not in one]
    for copy_of in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode):
        with pytest.raises(TypeError, match=r"secret|SecretText"):
            copy_of(text)
    assert text.reveal() == "s3cret"
