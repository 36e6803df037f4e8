"""Bulk requests on entities and checks."""

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.bulk import Action, Bulk, BulkOutcome, BulkRuns, Lines
from sensu.backend.services.bulk_events import created, silence_of
from sensu.backend.services.checks import Checks
from sensu.backend.services.entities import Entities
from sensu.backend.services.lists import resource_walk, selection_of
from sensu.backend.services.outcomes import Invalid, Refusal
from sensu.backend.services.pages import PageRequest
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.resources import Resources
from sensu.backend.services.silences import Silences
from sensu.backend.stored_form import key_of
from sensu.resources.check import CheckConfig
from sensu.resources.kinds import CHECK, ENTITY, SILENCED, Kind
from sensu.resources.wire import decode
from sensu.rules.bulk import BulkLine, BulkOfNamed, BulkRequest, Where
from sensu.rules.finding import has_words
from sensu.store.values import Stored


class BulkOnResources:
    """Acts on many entities or checks, for callers who may do so for each of them."""

    def __init__(
        self, resources: Resources, entities: Entities, checks: Checks, silences: Silences, runs: BulkRuns
    ) -> None:
        self._resources, self._entities, self._checks = resources, entities, checks
        self._silences, self._runs = silences, runs

    async def on_entities(self, caller: Identity, namespace: str, payload: Payload) -> Lines | Refusal:
        """The lines of the answer, as entities are acted on."""

        async def delete(caller: Identity, name: str, request: BulkRequest) -> BulkOutcome:
            return await self._entities.delete(caller, namespace, name)

        async def silence(caller: Identity, name: str, request: BulkRequest) -> BulkOutcome:
            return await created(self._silences, caller, silence_of(namespace, f"entity:{name}", "", request.silence))

        actions = {
            "delete": Action("delete", ENTITY.segment, _name, delete),
            "silence": Action("create", SILENCED.segment, _no_name, silence),
        }
        return await self._begin(caller, ENTITY, namespace, actions, payload)

    async def on_checks(self, caller: Identity, namespace: str, payload: Payload) -> Lines | Refusal:
        """The lines of the answer, as checks are acted on."""

        async def publish(caller: Identity, name: str, request: BulkRequest) -> BulkOutcome:
            def changed(stored: Stored) -> CheckConfig:
                return msgspec.structs.replace(decode(CheckConfig, stored.body), publish=request.action == "publish")

            return await self._resources.amend(caller, CHECK, namespace, name, changed)

        async def execute(caller: Identity, name: str, request: BulkRequest) -> BulkOutcome:
            return await self._checks.execute(caller, namespace, name, _no_wish)

        async def delete(caller: Identity, name: str, request: BulkRequest) -> BulkOutcome:
            return await self._resources.delete(caller, CHECK, namespace, name)

        actions = {
            "publish": Action("update", CHECK.segment, _name, publish),
            "unpublish": Action("update", CHECK.segment, _name, publish),
            "execute": Action("create", CHECK.segment, _name, execute),
            "delete": Action("delete", CHECK.segment, _name, delete),
        }
        return await self._begin(caller, CHECK, namespace, actions, payload)

    async def _begin(
        self, caller: Identity, kind: Kind, namespace: str, actions: dict[str, Action[str]], payload: Payload
    ) -> Lines | Refusal:
        request = await decoded(BulkOfNamed, payload)
        if isinstance(request, Invalid):
            return request

        async def matching(where: Where, limit: int) -> list[str] | Invalid:
            return await self._matching(kind, namespace, where, limit)

        async def exists(name: str) -> bool:
            return await self._resources.store.get(key_of(kind, namespace, name)) is not None

        def line(name: str) -> BulkLine:
            return BulkLine(entity=name) if kind is ENTITY else BulkLine(check=name)

        bulk = Bulk(kind.segment, namespace, actions, matching, exists, line)
        return await self._runs.begin(caller, bulk, request, None if request.of is None else list(map(str, request.of)))

    async def _matching(self, kind: Kind, namespace: str, where: Where, limit: int) -> list[str] | Invalid:
        selectors = PageRequest(label_selectors=where.label_selectors, field_selectors=where.field_selectors)
        selection = selection_of(kind, selectors)
        if isinstance(selection, Invalid):
            return selection
        found: list[str] = []
        async for items in resource_walk(self._resources.store, kind, namespace, selection)(None):
            found += [
                name
                for (_, name), body in items
                if has_words(name, where.word) and (selection is None or selection.holds(body))
            ]
            if len(found) >= limit:
                break
        return found[:limit]


def _name(name: str) -> str:
    return name


def _no_name(name: str) -> str:
    return ""


async def _no_wish() -> bytes:
    return b"{}"
