"""The providers that are configured as resources; changes of the resources apply at once."""

from collections.abc import Callable, Mapping
from typing import Any

from sensu.backend.auth.providers import ConfiguredProvider
from sensu.backend.auth.records import Records
from sensu.backend.auth.sealing import Sealing
from sensu.resources.kinds import AUTH_PROVIDER, Kind, kind_of

Makers = Mapping[Kind, Callable[[Any], ConfiguredProvider]]
"""Makes the provider of a resource, whose secret values are opened, by its type."""


class ConfiguredProviders:
    """Makes a provider when it is first needed and keeps it until its resource changes."""

    def __init__(self, records: Records, sealing: Sealing, makers: Makers) -> None:
        self._records = records
        self._sealing = sealing
        self._makers = makers
        self._made: dict[str, tuple[Any, ConfiguredProvider]] = {}
        self._all: dict[str, ConfiguredProvider] | None = None
        records.subscribe(AUTH_PROVIDER, self._changed)

    def __call__(self) -> Mapping[str, ConfiguredProvider]:
        """The providers by their ids, in the order of their names."""
        if self._all is None:
            made = {resource.metadata.name: self._of(resource) for resource in self._records.list(AUTH_PROVIDER, None)}
            self._made = made
            self._all = {provider.id: provider for _, provider in made.values()}
        return self._all

    def _of(self, resource: Any) -> tuple[Any, ConfiguredProvider]:
        """The provider of a resource; the one that is there if only others have changed."""
        known = self._made.get(resource.metadata.name)
        if known is not None and known[0] is resource:
            return known
        return resource, self._makers[kind_of(resource)](self._sealing.with_values(resource))

    def _changed(self, *_: object) -> None:
        self._all = None
