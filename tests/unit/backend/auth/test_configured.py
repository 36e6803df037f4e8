"""Objects of configured resources: made when needed, kept while their resource stays, and ended with it."""

from collections.abc import Callable, Sequence
from typing import Any

from sensu.backend.auth.configured import Configured
from sensu.backend.auth.sealing import Sealing
from sensu.resources.kinds import FILE_PROVIDER, SECRET_PROVIDER, VAULT_PROVIDER, Kind
from sensu.resources.metadata import ObjectMeta
from sensu.resources.secret_providers import FileProvider, VaultClient, VaultProvider
from sensu.rules.kinds import vault_provider

SEALING = Sealing(b"secret of the cluster")


class Records:
    """Resources in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self._told: list[Callable[[Any, Any], None]] = []

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Any]:
        return [self.kept[name] for name in sorted(self.kept)]

    def subscribe(self, kind: Kind, callback: Callable[[Any, Any], None]) -> Callable[[], None]:
        self._told.append(callback)
        return lambda: None

    def change(self, name: str, resource: Any) -> None:
        if resource is None:
            self.kept.pop(name)
        else:
            self.kept[name] = resource
        for callback in self._told:
            callback(None, None)


def files(name: str, directory: str = "/run/a") -> FileProvider:
    return FileProvider(metadata=ObjectMeta(name=name), directory=directory)


def test_an_object_lives_as_long_as_its_resource() -> None:
    """A change of one resource makes its object new and ends the old one; all others stay."""
    records, ended = Records(), list[str]()
    makers: dict[Kind, Callable[[Any], list[str]]] = {FILE_PROVIDER: lambda one: [one.directory]}
    configured = Configured(records, SEALING, SECRET_PROVIDER, makers, lambda one: ended.extend(one))
    assert configured() == {}
    records.change("a", files("a"))
    records.change("b", files("b", "/run/b"))
    first = configured()
    assert first == {"a": ["/run/a"], "b": ["/run/b"]}
    records.change("a", files("a", "/run/other"))
    second = configured()
    assert second["a"] == ["/run/other"]
    assert second["b"] is first["b"]
    assert ended == ["/run/a"]
    records.change("b", None)
    assert list(configured()) == ["a"]
    assert ended == ["/run/a", "/run/b"]


def test_secret_values_are_opened() -> None:
    """An object is made with the token, which is stored sealed."""
    records = Records()
    plain = VaultProvider(metadata=ObjectMeta(name="vault"), client=VaultClient(address="https://vault", token="t0ken"))
    where = "secrets/v1.Provider//vault/"
    kept = vault_provider.secrets(plain, lambda place, value: SEALING.seal(value, where + place))
    assert kept.client.token.startswith("sealed:")
    records.change("vault", kept)
    makers: dict[Kind, Callable[[Any], str]] = {VAULT_PROVIDER: lambda one: str(one.client.token)}
    assert Configured(records, SEALING, SECRET_PROVIDER, makers)() == {"vault": "t0ken"}
