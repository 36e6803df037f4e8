"""The result of a group of commits: which ones are refused, and the final state of every key. Uses no database.

The commits of a group are checked one after the other, each against the result of the earlier ones, and written
together. A store passes the state before the group (`asked` names the keys), and writes the state after it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sensu.resources.kinds import NAMESPACE
from sensu.store.activity_values import MINUTE_S, QUARTER_S, ActivityCounts, CountActivity, NoteConnection, TrimActivity
from sensu.store.values import (
    AppendAudit,
    Change,
    Committed,
    Conflict,
    CutHistory,
    DeleteEvent,
    DeleteResource,
    EventKey,
    EventState,
    Expect,
    Key,
    MarkSilenced,
    Must,
    NoteHandling,
    OweDelivery,
    PutEvent,
    PutResource,
    PutState,
    Refused,
    Result,
    SettleDelivery,
    TrimAudit,
    TrimHistory,
    Write,
)

_NAMESPACE_KIND = NAMESPACE.qualified_name


def namespace_key(namespace: str) -> Key:
    """The key of a namespace."""
    return Key(_NAMESPACE_KIND, "", namespace)


def asked(commits: Iterable[Sequence[Write]]) -> tuple[set[Key], set[EventKey]]:
    """The resources and events whose state before the group affects its commits or their changes."""
    keys: set[Key] = set()
    events: set[EventKey] = set()
    for writes in commits:
        for write in writes:
            if type(write) is PutResource:
                _ask_put(write, keys)
            elif type(write) is DeleteResource or type(write) is Expect:
                keys.add(write.key)
            elif type(write) is DeleteEvent:
                events.add(write.key)
    return keys, events


def _ask_put(write: PutResource, keys: set[Key]) -> None:
    if write.namespace_must_exist:
        keys.add(namespace_key(write.key.namespace))
    if write.must is not Must.ANY or write.etag_before is not None:
        keys.add(write.key)


def resources_of(commits: Iterable[Sequence[Write]]) -> set[Key]:
    """The resources that commits write or depend on."""
    commits = list(commits)
    written = {w.key for writes in commits for w in writes if isinstance(w, PutResource | DeleteResource)}
    return asked(commits)[0] | written


def asks_emptiness(writes: Sequence[Write]) -> bool:
    """Whether a commit must be the first of its group, because it depends on the content of a namespace."""
    return any(isinstance(write, DeleteResource) and write.empty_of for write in writes)


def depends_on_others(writes: Sequence[Write]) -> bool:
    """Whether a commit depends on resources that it does not write, and which others may change meanwhile."""
    return any(
        type(write) is Expect
        or (type(write) is PutResource and write.namespace_must_exist)
        or (type(write) is DeleteResource and bool(write.empty_of))
        for write in writes
    )


class CommitGroup:
    """The combined result of several commits for every key that they write.

    `etags` and `events_present` contain the state before the group of the keys that `asked` names (None and False:
    absent) and are updated; `in_use` returns whether a namespace contained resources of some kinds before the group.
    """

    def __init__(
        self,
        etags: dict[Key, str | None],
        events_present: dict[EventKey, bool],
        in_use: Callable[[str, Sequence[str]], bool],
        revision: int,
    ) -> None:
        self.revision = revision
        self.delivery_id_max = 0
        self.resources: dict[Key, tuple[PutResource, int] | None] = {}
        self.logged: dict[Key, int] = {}
        """The changed resources that other processes must hear of, with the revision of their last change."""
        self.events: dict[EventKey, PutEvent | None] = {}
        self.event_states: dict[EventKey, EventState] = {}
        self.marked_silenced: dict[EventKey, bool] = {}
        self.owed: dict[int, OweDelivery] = {}
        self.settled: dict[int, str] = {}
        self.handlings: dict[tuple[EventKey, int], bytes] = {}
        self.states: dict[str, bytes] = {}
        self.states_once: dict[str, bytes] = {}
        """Values that are stored only if there are none."""
        self.audited: list[AppendAudit] = []
        self.audit_trimmed: TrimAudit | None = None
        self.earlier_results: dict[EventKey, list[Result]] = {}
        self.events_begun_anew: set[EventKey] = set()
        self.history_trimmed: list[TrimHistory] = []
        self.history_cut: list[CutHistory] = []
        self.activity: dict[tuple[str, int], dict[int, ActivityCounts]] = {}
        """What is added to the counts of a namespace, by the length of a step and its beginning."""
        self.connections: list[NoteConnection] = []
        self.activity_trimmed: TrimActivity | None = None
        self._etags = etags
        self._events_present = events_present
        self._in_use = in_use

    def add(self, writes: Sequence[Write]) -> tuple[Committed | Refused, Sequence[Change]]:
        """The result of the next commit and its changes; a refused commit has no effect."""
        refused = self._refusal(writes)
        if refused is not None:
            return refused, ()
        if not writes:
            return Committed(self.revision), ()
        self.revision += 1
        changes: list[Change] = []
        for write in writes:
            _APPLY[type(write)](self, write, changes)
        return Committed(self.revision), changes

    def _refusal(self, writes: Sequence[Write]) -> Refused | None:
        """The first violated condition; `etags` and `events` hold the results of earlier writes of the same commit."""
        etags: dict[Key, str | None] = {}
        events: dict[EventKey, bool] = {}
        for index, write in enumerate(writes):
            conflict: Conflict | None = None
            if isinstance(write, PutEvent):
                events[write.key] = True
            elif isinstance(write, PutResource):
                conflict = self._put_conflict(write, etags)
                etags[write.key] = write.etag
            elif isinstance(write, DeleteResource):
                conflict = self._delete_conflict(write, etags)
                etags[write.key] = None
            elif isinstance(write, DeleteEvent):
                conflict = self._delete_event_conflict(write, events)
                events[write.key] = False
            elif isinstance(write, Expect) and self._etag(write.key, etags) != write.etag:
                conflict = Conflict.CHANGED
            if conflict is not None:
                return Refused(index, conflict)
        return None

    def _etag(self, key: Key, overlay: Mapping[Key, str | None]) -> str | None:
        return overlay[key] if key in overlay else self._etags[key]

    def _put_conflict(self, write: PutResource, overlay: Mapping[Key, str | None]) -> Conflict | None:
        if write.namespace_must_exist and self._etag(namespace_key(write.key.namespace), overlay) is None:
            return Conflict.NAMESPACE_MISSING
        if write.must is Must.BE_PRESENT and self._etag(write.key, overlay) is None:
            return Conflict.NOT_FOUND
        if write.must is Must.BE_ABSENT and self._etag(write.key, overlay) is not None:
            return Conflict.EXISTS
        if write.etag_before is not None and self._etag(write.key, overlay) != write.etag_before:
            return Conflict.ETAG
        return None

    def _delete_conflict(self, write: DeleteResource, overlay: Mapping[Key, str | None]) -> Conflict | None:
        if write.must is Must.BE_PRESENT and self._etag(write.key, overlay) is None:
            return Conflict.NOT_FOUND
        if write.must is Must.BE_ABSENT and self._etag(write.key, overlay) is not None:
            return Conflict.EXISTS
        if write.empty_of and self._in_use(write.key.name, write.empty_of):
            return Conflict.NAMESPACE_NOT_EMPTY
        return None

    def _delete_event_conflict(self, write: DeleteEvent, overlay: Mapping[EventKey, bool]) -> Conflict | None:
        present = overlay[write.key] if write.key in overlay else self._events_present[write.key]
        if write.must is Must.BE_PRESENT and not present:
            return Conflict.NOT_FOUND
        if write.must is Must.BE_ABSENT and present:
            return Conflict.EXISTS
        return None

    def _put_resource(self, write: PutResource, changes: list[Change]) -> None:
        self._etags[write.key] = write.etag
        self.resources[write.key] = (write, self.revision)
        if not write.quiet or write.key in self.logged:
            self.logged[write.key] = self.revision
        changes.append(Change(self.revision, write.key, write.body, write.shown))

    def _delete_resource(self, write: DeleteResource, changes: list[Change]) -> None:
        if self._etags[write.key] is None:
            return
        self._etags[write.key] = None
        self.resources[write.key] = None
        self.logged[write.key] = self.revision
        changes.append(Change(self.revision, write.key, None))

    def _put_event(self, write: PutEvent, changes: list[Change]) -> None:
        self._events_present[write.key] = True
        before = self.events.get(write.key)
        if before is not None and before.result is not None:
            self.earlier_results.setdefault(write.key, []).append(before.result)
        self.events[write.key] = write
        if write.result is not None and write.result.delivery > self.delivery_id_max:
            self.delivery_id_max = write.result.delivery
        if write.state is not None:
            self.event_states[write.key] = write.state
            self.marked_silenced.pop(write.key, None)
        changes.append(Change(self.revision, write.key, write.body))

    def _mark_silenced(self, write: MarkSilenced, changes: list[Change]) -> None:
        self.marked_silenced[write.key] = write.silenced

    def _delete_event(self, write: DeleteEvent, changes: list[Change]) -> None:
        if not self._events_present[write.key]:
            return
        self._events_present[write.key] = False
        self.events[write.key] = None
        self.event_states.pop(write.key, None)
        self.marked_silenced.pop(write.key, None)
        self.earlier_results.pop(write.key, None)
        self.events_begun_anew.add(write.key)
        changes.append(Change(self.revision, write.key, None))

    def _owe(self, write: OweDelivery, changes: list[Change]) -> None:
        self.settled.pop(write.id, None)
        self.owed[write.id] = write
        self.delivery_id_max = max(self.delivery_id_max, write.id)

    def _settle(self, write: SettleDelivery, changes: list[Change]) -> None:
        """Only a pending delivery can be given up; it is written as pending first, because giving up copies it."""
        if write.dead and write.id in self.settled:
            return
        if not write.dead:
            self.owed.pop(write.id, None)
        self.settled[write.id] = write.dead

    def _note_handling(self, write: NoteHandling, changes: list[Change]) -> None:
        self.handlings[write.key, write.delivery] = write.handled

    def _expect(self, write: Expect, changes: list[Change]) -> None:
        """Writes nothing."""

    def _put_state(self, write: PutState, changes: list[Change]) -> None:
        if not write.once:
            self.states[write.name] = write.value
            self.states_once.pop(write.name, None)
        elif write.name not in self.states:
            self.states_once.setdefault(write.name, write.value)

    def _append_audit(self, write: AppendAudit, changes: list[Change]) -> None:
        self.audited.append(write)

    def _trim_audit(self, write: TrimAudit, changes: list[Change]) -> None:
        self.audit_trimmed = write

    def _trim_history(self, write: TrimHistory, changes: list[Change]) -> None:
        self.history_trimmed.append(write)

    def _cut_history(self, write: CutHistory, changes: list[Change]) -> None:
        self.history_cut.append(write)

    def _count_activity(self, write: CountActivity, changes: list[Change]) -> None:
        for step_s in (MINUTE_S, QUARTER_S):
            at = write.at - write.at % step_s
            steps = self.activity.setdefault((write.namespace, step_s), {})
            before = steps.get(at, ActivityCounts(at))
            steps[at] = ActivityCounts(
                at,
                max(before.incidents, write.incidents),
                before.changes + write.changes,
                before.events + write.events,
                before.delivered + write.delivered,
                before.failed + write.failed,
            )

    def _note_connection(self, write: NoteConnection, changes: list[Change]) -> None:
        self.connections.append(write)

    def _trim_activity(self, write: TrimActivity, changes: list[Change]) -> None:
        self.activity_trimmed = write


_APPLY: dict[type, Callable[[CommitGroup, Any, list[Change]], None]] = {
    PutResource: CommitGroup._put_resource,
    DeleteResource: CommitGroup._delete_resource,
    Expect: CommitGroup._expect,
    PutEvent: CommitGroup._put_event,
    MarkSilenced: CommitGroup._mark_silenced,
    DeleteEvent: CommitGroup._delete_event,
    OweDelivery: CommitGroup._owe,
    SettleDelivery: CommitGroup._settle,
    NoteHandling: CommitGroup._note_handling,
    PutState: CommitGroup._put_state,
    AppendAudit: CommitGroup._append_audit,
    TrimAudit: CommitGroup._trim_audit,
    TrimHistory: CommitGroup._trim_history,
    CutHistory: CommitGroup._cut_history,
    CountActivity: CommitGroup._count_activity,
    NoteConnection: CommitGroup._note_connection,
    TrimActivity: CommitGroup._trim_activity,
}
