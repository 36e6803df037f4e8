"""Tells who uses resources of a kind: which checks, pipelines, handlers and others refer to each of them."""

from collections.abc import Sequence

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal
from sensu.resources.kinds import EVENT_FILTER, MUTATOR, RULE_TEMPLATE, Kind
from sensu.rules import filters, mutator_event
from sensu.rules.uses import USED, USERS, ResourceUser, users_of

LISTED_MAX = 20
"""The number of users that are named for each resource; all are counted."""
LISTED_OF_ONE_MAX = 1000
NAMES_MAX = 5000
"""The number of resources in one answer, in order of their names."""
_BUILT_IN = {
    EVENT_FILTER: frozenset(filters.BUILT_IN),
    MUTATOR: frozenset(mutator_event.BUILT_IN),
    RULE_TEMPLATE: frozenset(RULE_TEMPLATE.built_in),
}
_OF = {kind.segment: kind for kind in USED}


class Uses(msgspec.Struct, frozen=True):
    """Who uses a resource. `number` counts all users; the first of them are named in `users`.

    `exists` is false for a resource that others refer to, but that does not exist.
    """

    name: str
    exists: bool
    number: int
    users: Sequence[ResourceUser]


class UsesAnswer(msgspec.Struct, frozen=True):
    """Who uses the resources of a kind, in order of their names, those that nothing refers to included.

    `hidden` names the kinds of users that the caller may not list, and that are therefore left out. An answer with
    more than 5,000 resources is cut; then `more` is true.
    """

    hidden: Sequence[str]
    more: bool
    uses: Sequence[Uses]


class UsesOfResources:
    """Answers who uses resources, to callers who may list them; configuration is in memory."""

    def __init__(self, access: Access, records: Records) -> None:
        self._access, self._records = access, records

    def uses(self, caller: Identity, namespace: str, of: str, name: str) -> Found | Refusal:
        """The users of the resources of a kind, or of one of them, as JSON of `UsesAnswer`."""
        kind = _OF.get(of)
        if kind is None:
            return Invalid(f"of must be one of {', '.join(_OF)}")
        if not self._may_list(caller, kind, namespace):
            return Denied()
        hidden = [each for each in USERS if not self._may_list(caller, each, namespace)]
        shown = {each: self._records.list(each, namespace) for each in USERS if each not in hidden}
        users = users_of(kind, shown)
        existing = {each.metadata.name for each in self._records.list(kind, namespace)}
        existing |= _BUILT_IN.get(kind, frozenset()) & users.keys()
        names = [name] if name else sorted(existing | users.keys())
        most = LISTED_OF_ONE_MAX if name else LISTED_MAX
        found = [Uses(each, each in existing, len(users.get(each, ())), users.get(each, [])[:most]) for each in names]
        answer = UsesAnswer([each.segment for each in hidden], len(found) > NAMES_MAX, found[:NAMES_MAX])
        return Found(msgspec.json.encode(answer))

    def _may_list(self, caller: Identity, kind: Kind, namespace: str) -> bool:
        return self._access.allows(caller, "list", kind.segment, namespace=namespace)
