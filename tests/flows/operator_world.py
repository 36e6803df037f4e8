"""Stories of operators who act through the API of this process: short ways to ask, to report and to grant."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sensu.backend.ports import EventStored, IncomingEvent
from sensu.backend.stored_form import put
from sensu.resources.event import Event
from sensu.resources.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.role import ClusterRole, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleRef, Subject
from sensu.resources.user import User
from tests.flows.api_harness import RunningApi, quick_hash

CORE = "/api/core/v2/namespaces/default"
OWN = "/api/sensu/v1/namespaces/default"
PASSWORD = "a password"


@dataclass
class Operator:
    """Somebody who is signed in."""

    api: RunningApi
    token: str

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """The status of an answer, and its JSON."""
        answer = await self.api.call(method, path, body, Authorization=self.token)
        return answer.status, json.loads(answer.body) if answer.body else None

    async def get(self, path: str) -> Any:
        """The JSON of an answer that must be there."""
        status, found = await self.ask("GET", path)
        assert status == 200, (status, found)
        return found

    async def report(self, *events: Event) -> None:
        """Have events processed, in order."""
        for event in events:
            outcome = await self.api.ports.intake.post(IncomingEvent(event))
            assert isinstance(outcome, EventStored), outcome

    async def with_rules(self, *rules: Rule) -> "Operator":
        """Another operator, with these rights in all namespaces."""
        meta = ObjectMeta(name="bob")
        await self.api.store.commit(
            [
                put(USER, User(username="bob", password_hash=quick_hash(PASSWORD))),
                put(CLUSTER_ROLE, ClusterRole(metadata=meta, rules=rules)),
                put(
                    CLUSTER_ROLE_BINDING,
                    ClusterRoleBinding(
                        metadata=meta,
                        subjects=(Subject(type="User", name="bob"),),
                        role_ref=RoleRef(type="ClusterRole", name="bob"),
                    ),
                ),
            ]
        )
        return Operator(self.api, await self.api.token("bob", PASSWORD))


def rule(resources: str, verbs: str, names: Sequence[str] = ()) -> Rule:
    """A rule for words that are separated by blanks."""
    return Rule(verbs=tuple(verbs.split()), resources=tuple(resources.split()), resource_names=tuple(names) or None)
