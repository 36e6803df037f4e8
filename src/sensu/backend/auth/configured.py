"""What is configured as resources of a kind with several types, such as providers; changes apply at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from sensu.backend.auth.sealing import Sealing
from sensu.resources.kinds import Kind, kind_of

Made = TypeVar("Made")


class Records(Protocol):
    """Committed resources in memory."""

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Any]:
        """The resources of a kind."""
        ...

    def subscribe(self, kind: Kind, callback: Callable[[Any, Any], None]) -> Callable[[], None]:
        """Call `callback` after each change of the kind; returns a function to stop it."""
        ...


class Configured(Generic[Made]):
    """Makes an object of each resource of a kind when one is first needed, and keeps it until its resource changes."""

    def __init__(
        self,
        records: Records,
        sealing: Sealing,
        kind: Kind,
        makers: Mapping[Kind, Callable[[Any], Made]],
        ended: Callable[[Made], None] = lambda _: None,
    ) -> None:
        """`makers` make the object of a resource, whose secret values are opened, by its type.

        `ended` is called with an object whose resource was changed or deleted.
        """
        self._records, self._sealing, self._kind = records, sealing, kind
        self._makers, self._ended = makers, ended
        self._made: dict[str, tuple[Any, Made]] = {}
        self._all: dict[str, Made] | None = None
        records.subscribe(kind, self._changed)

    def __call__(self) -> Mapping[str, Made]:
        """The objects by the names of their resources, in the order of the names."""
        if self._all is None:
            before = self._made
            self._made = {resource.metadata.name: self._of(resource) for resource in self._records.list(self._kind)}
            self._all = {name: made for name, (_, made) in self._made.items()}
            for name, known in before.items():
                if self._made.get(name) is not known:
                    self._ended(known[1])
        return self._all

    def _of(self, resource: Any) -> tuple[Any, Made]:
        """The object of a resource; the one that is there if only others have changed."""
        known = self._made.get(resource.metadata.name)
        if known is not None and known[0] is resource:
            return known
        return resource, self._makers[kind_of(resource)](self._sealing.with_values(resource))

    def _changed(self, *_: object) -> None:
        self._all = None
