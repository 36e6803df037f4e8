"""Judges drafts of resources without storing them: their problems, what they would change, and the effect."""

import asyncio
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.draft_effect import CheckEffect, Effects
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal, TooMany
from sensu.backend.services.resources import Resources, with_author
from sensu.backend.stored_form import key_of
from sensu.files.drafts import DOCUMENTS_MAX, DraftDocument, read_drafts
from sensu.files.places import place_of
from sensu.resources.check import CheckConfig
from sensu.resources.kind import CORE_V2
from sensu.resources.kinds import (
    BSM_V1,
    ENTITY,
    EVENT,
    FALLBACK_PIPELINE,
    PIPELINE_V1,
    SECRETS_V1,
    Kind,
    by_segment,
    name_of,
    namespace_of,
)
from sensu.resources.wire import encode
from sensu.rules.differences import NOTHING, differences
from sensu.rules.drafts import OBSERVED, comparable, in_document, left_to_the_api, path_of_script
from sensu.rules.filters import BUILT_IN
from sensu.rules.forms.references import NamedResource, named_in
from sensu.rules.forms.table import FORMS
from sensu.rules.kinds.kind_rules import FieldProblem
from sensu.rules.kinds.table import completed, problems_of
from sensu.store.values import Stored

_GROUPS = (CORE_V2, SECRETS_V1, BSM_V1, PIPELINE_V1, FALLBACK_PIPELINE.api_version)
"""The API groups of the kinds that forms refer to."""
AT_ONCE_MAX = 4
"""The maximum number of concurrent drafts of a caller."""
CHANGES_MAX = 1_000
"""The number of changed fields that are reported of a document."""
REFERENCES_MAX = 200
"""The number of references of a document whose resources are looked up."""
CREATE, UPDATE, KEEP = "create", "update", "keep"
ERROR, WARNING = "error", "warning"
BUILT_IN_NAMES = {"filters": frozenset(BUILT_IN), "mutators": frozenset(("json", "only_check_output"))}
_TOO_MANY = TooMany(f"a caller can have at most {AT_ONCE_MAX} drafts judged at the same time, try again later")


class DraftProblem(msgspec.Struct, frozen=True):
    """A rule that a document breaks: the path of the field, its place in the text, and whether it prevents saving."""

    path: str
    line: int
    column: int
    message: str
    severity: str


class DraftWarning(msgspec.Struct, frozen=True):
    """Something that is valid, but probably not meant."""

    path: str
    message: str


class DraftChange(msgspec.Struct, frozen=True):
    """A field that saving would change, with its value before and after; null if there is none."""

    path: str
    before: Any
    after: Any


class JudgedDraft(msgspec.Struct, frozen=True):
    """What is known of one document of a draft.

    `action` is `create`, `update`, or `keep` if nothing would change; it is empty if the document cannot be read or the
    caller may not see the resource. `allowed` says whether the caller may do it. `document` is the document as it was
    read, and `yaml` the same as sensuctl writes it. `etag` is the entity tag of the stored resource.
    """

    kind: str
    name: str
    namespace: str
    valid: bool
    action: str
    allowed: bool
    problems: Sequence[DraftProblem]
    warnings: Sequence[DraftWarning]
    changes: Sequence[DraftChange]
    effect: CheckEffect | None
    etag: str
    yaml: str
    document: dict[str, Any]


class JudgedDrafts(msgspec.Struct, frozen=True):
    """What is known of the documents of a draft, in their order."""

    documents: Sequence[JudgedDraft]


class Drafts:
    """Judges drafts for callers who may read resources of their kinds."""

    def __init__(self, resources: Resources, access: Access, effects: Effects) -> None:
        self._resources, self._access, self._effects = resources, access, effects
        self._at_once = AtOnce(AT_ONCE_MAX)

    async def judge(self, caller: Identity, namespace: str, body: bytes, replaced: str) -> Found | Refusal:
        """The `JudgedDrafts` of a text; resources without a namespace are in `namespace`.

        `replaced` is the name of the resource that is edited, empty for none.
        """
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return Invalid("the draft is not valid UTF-8")
        with self._at_once.admitted(caller) as admitted:
            if not admitted:
                return _TOO_MANY
            drafts = await asyncio.to_thread(read_drafts, text, namespace)
            if len(drafts) > DOCUMENTS_MAX:
                return Invalid(f"a draft has at most {DOCUMENTS_MAX} documents")
            if not any(draft.kind is None or self._may(caller, "get", draft) for draft in drafts):
                return Denied()
            there = frozenset(_names(drafts))
            judged = [await self._judged(caller, draft, replaced, there) for draft in drafts]
            return Found(await asyncio.to_thread(encode, JudgedDrafts(judged)))

    def _may(self, caller: Identity, verb: str, draft: DraftDocument) -> bool:
        assert draft.kind is not None
        metadata = draft.body.get("metadata") or {}
        namespace = str(metadata.get("namespace") or "") if draft.kind.namespaced else ""
        name = "" if verb == "create" else _name(draft)
        return self._access.allows(caller, verb, draft.kind.segment, name=name, namespace=namespace)

    async def _judged(
        self, caller: Identity, draft: DraftDocument, replaced: str, there: frozenset[tuple[str, str, str]]
    ) -> JudgedDraft:
        kind, problems, warnings = draft.kind, list(draft.problems), list[FieldProblem]()
        action, etag, changes, effect, allowed = "", "", list[DraftChange](), None, False
        if kind is not None and draft.resource is not None:
            complete = self._completed(caller, draft)
            problems += await self._rules_broken(complete, problems)
            problems += _identity_problems(kind, complete, replaced)
            if self._may(caller, "get", draft):
                stored = await self._stored(kind, complete)
                etag = "" if stored is None else stored.etag
                action, changes = self._changes(caller, draft, complete, stored)
                warnings = [one async for one in self._missing(caller, draft, complete, there)]
                if isinstance(complete, CheckConfig):
                    effect = self._effects.of(complete, stored)
                    warnings += self._effects.warnings(complete, effect)
            allowed = self._may(caller, CREATE if action == CREATE else UPDATE, draft)
        return JudgedDraft(
            kind="" if kind is None else kind.type,
            name=_name(draft),
            namespace=str((draft.body.get("metadata") or {}).get("namespace") or ""),
            valid=not problems,
            action=action,
            allowed=allowed,
            problems=[*_placed(draft, problems, ERROR), *_placed(draft, draft.warnings, WARNING)],
            warnings=[DraftWarning(in_document(path), message) for path, message in warnings],
            changes=changes,
            effect=effect,
            etag=etag,
            yaml=await asyncio.to_thread(lambda: draft.yaml),
            document=dict(draft.value),
        )

    def _completed(self, caller: Identity, draft: DraftDocument) -> Any:
        now = self._resources.clock.now()
        return completed(with_author(draft.resource, caller), username=caller.username, now=now)

    async def _rules_broken(self, resource: Any, known: Sequence[FieldProblem]) -> list[FieldProblem]:
        """The rules that a resource breaks, but for those about fields that could not be read."""
        unread = {path for path, _ in known}
        found = [FieldProblem(in_document(path), message) for path, message in problems_of(resource)]
        if not found:
            why = await self._resources.script_problem(resource)
            found = [] if why is None else [FieldProblem(in_document(path_of_script(resource, why)), why)]
        return [problem for problem in found if problem.path not in unread]

    async def _stored(self, kind: Kind, resource: Any) -> Stored | None:
        if kind is EVENT:
            return None
        return await self._resources.store.get(key_of(kind, namespace_of(resource), name_of(resource)))

    def _changes(
        self, caller: Identity, draft: DraftDocument, resource: Any, stored: Stored | None
    ) -> tuple[str, list[DraftChange]]:
        assert draft.kind is not None
        wanted = functools.partial(comparable, draft.kind, now=self._resources.clock.now())
        after = wanted(msgspec.to_builtins(resource))
        before: dict[str, Any] = {}
        if stored is not None:
            shown = self._resources.sealed.shown(caller, draft.kind, stored.body, stored.public)
            before = wanted(msgspec.json.decode(shown))
        after |= left_to_the_api(draft.kind, draft.body, before)
        if draft.kind is ENTITY:
            before, after = ({k: v for k, v in one.items() if k not in OBSERVED} for one in (before, after))
        found: list[DraftChange] = []
        for path, old, new in differences("", before, after):
            if stored is not None or new:
                found.append(DraftChange(in_document(path), *(None if one is NOTHING else one for one in (old, new))))
        action = CREATE if stored is None else UPDATE if found else KEEP
        return action, found[:CHANGES_MAX]

    async def _missing(
        self, caller: Identity, draft: DraftDocument, resource: Any, there: frozenset[tuple[str, str, str]]
    ) -> Any:
        """The resources that are named and do not exist, if the caller may read them."""
        assert draft.kind is not None
        form, namespace = FORMS.get(draft.kind), namespace_of(resource)
        if form is None:
            return
        plain = msgspec.json.decode(encode(resource))
        for named in list(named_in(form, plain))[:REFERENCES_MAX]:
            kind = _kind(named)
            space = namespace if kind.namespaced else ""
            built_in = BUILT_IN_NAMES.get(named.of, kind.built_in)
            if (named.of, space, named.name) in there or named.name in built_in:
                continue
            if not self._access.allows(caller, "get", kind.segment, name=named.name, namespace=space):
                continue
            if await self._resources.store.get(key_of(kind, space, named.name)) is None:
                where = f" in {space}" if space else ""
                yield FieldProblem(named.path, f"{kind.word} {named.name} does not exist{where}")


def _kind(named: NamedResource) -> Kind:
    return next(kind for group in _GROUPS if (kind := by_segment(group, named.of)) is not None)


def _name(draft: DraftDocument) -> str:
    return "" if draft.resource is None else name_of(draft.resource)


def _names(drafts: Sequence[DraftDocument]) -> Iterator[tuple[str, str, str]]:
    for draft in drafts:
        if draft.kind is not None and draft.resource is not None:
            yield draft.kind.segment, namespace_of(draft.resource), name_of(draft.resource)


def _identity_problems(kind: Kind, resource: Any, replaced: str) -> Iterator[FieldProblem]:
    if replaced and name_of(resource) != replaced:
        path = "metadata.name" if kind.has_metadata else f"spec.{kind.named_by}"
        yield FieldProblem(path, f"the name cannot be changed from {replaced}; create a copy with the new name instead")


def _placed(draft: DraftDocument, problems: Sequence[FieldProblem], severity: str) -> Iterator[DraftProblem]:
    for path, message in problems:
        line, column = place_of(draft.places, path)
        yield DraftProblem(path, line, column, message, severity)
