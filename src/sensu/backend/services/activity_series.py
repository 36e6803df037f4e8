"""What happened in a namespace, from counts that all members keep in the store."""

from collections.abc import Sequence

from sensu.backend.activity_record import kept_namespaces
from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.services.deliveries import RESOURCE as DELIVERIES
from sensu.backend.services.outcomes import Denied, Found, Invalid, NotFound, Refusal
from sensu.clock import Clock
from sensu.resources.kinds import EVENT, NAMESPACE
from sensu.resources.wire import encode
from sensu.rules.activity_series import NAMES, POINTS_MAX, ActivitySeries, ActivityValues, step_of, values_of
from sensu.store.activity_values import MINUTE_S, QUARTER_S
from sensu.store.contract import Store

DAY_S = 86_400
WINDOW_MAX_S = 30 * DAY_S
_OF_DELIVERIES = frozenset(("delivered", "failed"))


class ActivityOfNamespaces:
    """Reads series of activity, for callers who may list events; those of deliveries need their own right."""

    def __init__(self, store: Store, access: Access, records: Records, clock: Clock) -> None:
        self._store, self._access, self._records, self._clock = store, access, records, clock

    async def of_namespace(
        self, caller: Identity, namespace: str, names: Sequence[str], window_s: int, points: int
    ) -> Found | Refusal:
        """The named series over the last `window_s` seconds, as JSON of `ActivitySeries`."""
        if not self._may_list(caller, EVENT.segment, namespace):
            return Denied()
        unknown = [name for name in names if name not in NAMES]
        if unknown:
            return Invalid(f"names: {unknown[0]!r} is not one of {', '.join(NAMES)}")
        if not MINUTE_S <= window_s <= WINDOW_MAX_S:
            return Invalid(f"window must be between 1m and {WINDOW_MAX_S // 3600}h")
        if not 1 <= points <= POINTS_MAX:
            return Invalid(f"points must be between 1 and {POINTS_MAX}")
        if self._records.get(NAMESPACE, "", namespace) is None:
            return NotFound()
        unit_s = MINUTE_S if window_s <= DAY_S else QUARTER_S
        step_s, now = step_of(window_s, points, unit_s), int(self._clock.now())
        start = now - window_s + 1
        start -= start % step_s
        counted = await self._store.activity(namespace, unit_s, start, now)
        number = (now - start) // step_s + 1
        hidden = () if self._may_list(caller, DELIVERIES, namespace) else (DELIVERIES,)
        shown = [name for name in dict.fromkeys(names) if not (hidden and name in _OF_DELIVERIES)]
        found = ActivitySeries(
            start=start,
            end=now,
            step=step_s,
            kept=namespace in kept_namespaces(self._records),
            series=tuple(
                ActivityValues(name=name, values=tuple(values_of(name, counted, start, step_s, number)))
                for name in shown
            ),
            hidden=hidden,
        )
        return Found(encode(found))

    def _may_list(self, caller: Identity, resource: str, namespace: str) -> bool:
        return self._access.allows(caller, "list", resource, namespace=namespace)
