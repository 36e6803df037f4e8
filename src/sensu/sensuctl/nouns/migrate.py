"""`sensuctl migrate`: copy the resources of another backend to this one.

The command can be run again: what is the same is left alone, so a run that was interrupted is continued by the next.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sensu.clock import SystemClock
from sensu.errors import InvalidResource
from sensu.files.documents import Document
from sensu.files.values import values_of
from sensu.resources.envelope import is_wrapped, unwrapped
from sensu.resources.kinds import ALL_KINDS, API_KEY, EVENT, USER, Kind, by_type
from sensu.rules import migration
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, CommandFailed, Exited
from sensu.sensuctl.migration_report import CREATED, DIFFERS, REFUSED, SAME, UPDATED, MigrationReport
from sensu.sensuctl.other_backend import session_with
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.session import APISession
from sensu.sensuctl.sources import read_source
from sensu.sensuctl.type_names import kinds_named, omitted_kinds
from sensu.sensuctl.wrapped import body_to_put, path_of

PAGE_SIZE = 500
NOT_FOUND = 404
REFUSALS = (402, 403, NOT_FOUND)
"""Statuses of lists that the user may not read, or that the other backend does not have."""
NOT_NOW = (401, 408, 429)
SERVER_ERROR = 500
"""Statuses that are about the backend or the session, not about the resource that was sent."""
HASH_START = "$2"


def migrate(context: Context) -> None:
    """`sensuctl migrate --from URL`; the exit status is 1 if a resource was refused."""
    url = context.text("from").rstrip("/")
    if url == context.configuration.api_url.rstrip("/"):
        raise CommandFailed("--from names the backend that sensuctl is configured for: name the old one")
    kinds = _chosen(context)
    hashes = _hashes(context)
    copying = _Copying(context, session_with(context, url), hashes)
    try:
        copying.run(kinds)
    except CommandFailed as err:
        copying.report.print(context, dry_run=copying.is_dry)
        raise CommandFailed(f"{err}; run the command again to continue") from err
    copying.report.print(context, dry_run=copying.is_dry)
    if copying.report.refused:
        raise Exited(1)


def _chosen(context: Context) -> Sequence[Kind]:
    only, without = context.text("only"), omitted_kinds(context.text("except"))
    return [kind for kind in (kinds_named(only) if only else ALL_KINDS) if kind not in without]


def _hashes(context: Context) -> Mapping[str, str]:
    """The password hashes of --hashes; raises CommandFailed."""
    name = context.text("hashes")
    if not name:
        return {}
    [(place, text)] = read_source(context, name, recursive=False)
    try:
        found = [value for _, value in values_of(text)]
    except InvalidResource as err:
        raise CommandFailed(f"in {place}: {err}") from err
    hashes = found[0] if len(found) == 1 and isinstance(found[0], dict) else None
    if hashes is None or not all(isinstance(one, str) and one.startswith(HASH_START) for one in hashes.values()):
        raise CommandFailed(f"in {place}: the file must have lines NAME: HASH with the bcrypt hashes of users")
    return hashes


class _Copying:
    """One run: reads from one session, and writes with that of the context."""

    def __init__(self, context: Context, source: APISession, hashes: Mapping[str, str]) -> None:
        self.is_dry = bool(context.flag("dry-run"))
        self.report = MigrationReport()
        self._context, self._source, self._hashes = context, source, hashes
        self._now = SystemClock().now()

    def run(self, kinds: Sequence[Kind]) -> None:
        """Copy the kinds in their order."""
        plan = migration.copy_plan(kinds)
        self._note_not_copied(plan)
        with Progress(self._context, "copy") as progress:
            for kind in plan.kinds:
                here: dict[str, str] | None = None
                for page in self._listed(kind):
                    here = self._contents_here(kind) if here is None else here
                    for resource in page:
                        self._copy(kind, resource, here)
                        progress.advance()

    def _note_not_copied(self, plan: migration.CopyPlan) -> None:
        for kind, why in plan.not_copied.items():
            found = [one for page in self._listed(kind) for one in page]
            count = f"{len(found)} {kind.word if len(found) == 1 else kind.plural}"
            if kind is API_KEY:
                count += f" of {migration.owners_of_keys(found)}"
            if found:
                self.report.not_copied[count] = why

    def _listed(self, kind: Kind) -> Iterator[list[Mapping[str, Any]]]:
        """The resources of a kind at the other backend, in pages; a kind that cannot be read is noted."""
        path = resource_path(kind, "")
        try:
            if kind.single:
                yield [self._source.get(path)]
                return
            for page in self._source.pages(path, {"types": kind.type}, PAGE_SIZE):
                yield page.items
        except APIError as err:
            if err.status not in REFUSALS:
                raise
            if err.status != NOT_FOUND:  # the other backend just does not have this type
                self.report.not_copied[kind.plural] = f"the other backend refuses to list them: {err}"

    def _contents_here(self, kind: Kind) -> dict[str, str]:
        """What is here already by path: a digest of each resource, or the time of the result of an event."""
        found: dict[str, str] = {}
        try:
            for page in self._context.session.pages(resource_path(kind, ""), {"types": kind.type}, PAGE_SIZE):
                for resource in page.items:
                    document = _document(kind, resource)
                    if document is not None:
                        found[path_of(document, "")] = self._content(document)
        except APIError as err:
            if err.status != NOT_FOUND:
                raise
        return found

    def _content(self, document: Document) -> str:
        if document.kind is EVENT:
            return str(migration.executed_at(document.body))
        return _digest(migration.content_of(document.kind, document.body, self._now))

    def _copy(self, kind: Kind, resource: Mapping[str, Any], here: Mapping[str, str]) -> None:
        document = _document(kind, resource)
        if document is None:
            what = f"{resource.get('api_version')}.{resource.get('type')}"
            self.report.not_copied[what] = "this type is not in this product"
            return
        title = document.title("")
        try:
            body = migration.as_copied(document.kind, document.body, self._now)
            if body is None:
                return
            current, content = here.get(path_of(document, "")), self._content(document)
        except InvalidResource as err:
            self.report.count(kind, REFUSED, title, str(err))
            return
        self._note(document)
        if current is not None and _is_same(document.kind, current, content):
            self.report.count(kind, SAME, title)
        elif current is not None and kind is not EVENT and not self._context.flag("overwrite"):
            self.report.count(kind, DIFFERS, title)
        else:
            why = self._put(document, self._bodies(document.kind, body, current))
            self.report.count(kind, REFUSED if why else CREATED if current is None else UPDATED, title, why)

    def _bodies(self, kind: Kind, body: Mapping[str, Any], current: str | None) -> Sequence[Mapping[str, Any]]:
        """What to send: for an event, the results that are newer than the one here."""
        if kind is EVENT:
            after = -1 if current is None else int(current)
            return [one for one in migration.results_of(body) if migration.executed_at(one) > after]
        return [self._user(body) if kind is USER else body]

    def _put(self, document: Document, bodies: Sequence[Mapping[str, Any]]) -> str:
        """Send a resource; returns why it was refused, empty if it was not.

        Raises CommandFailed if the backend cannot take anything now.
        """
        if self.is_dry:
            return ""
        try:
            for body in bodies:
                sent = Document(document.kind, document.name, document.namespace, dict(body), 0)
                content = body_to_put(sent, document.namespace, managed=False)
                self._context.session.call("PUT", path_of(document, document.namespace), content)
        except APIError as err:
            if err.status in NOT_NOW or err.status >= SERVER_ERROR:
                raise
            return str(err)
        return ""

    def _user(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A user with the hash that is known, or disabled and with a password that nobody knows."""
        name = str(body.get("username"))
        if name in self._hashes:
            return {**body, "password_hash": self._hashes[name]}
        self.report.disabled_users.append(name)
        return {**body, "disabled": True, "password": secrets.token_urlsafe(32)}

    def _note(self, document: Document) -> None:
        hidden = migration.hidden_values(document.kind, document.body)
        if hidden:
            why = f"the API hides the values of {', '.join(hidden)}; set them again"
            self.report.not_copied[f"some labels and annotations of {document.title('')}"] = why
        need = migration.needed_at_the_host(document.kind, document.body)
        if need:
            self.report.needed.setdefault(need, []).append(document.title(""))


def _document(kind: Kind, resource: Mapping[str, Any]) -> Document | None:
    """A resource of a list as a document; None if its type is not known here."""
    found: Kind | None = kind
    body = dict(resource)
    if is_wrapped(resource):
        found = by_type(str(resource.get("type")), str(resource.get("api_version")))
        if found is None:
            return None
        body = unwrapped(found, resource)
    assert found is not None
    metadata = body.get("metadata") or {}
    if found is EVENT:
        metadata = (body.get("entity") or {}).get("metadata") or {}
    namespace = str(metadata.get("namespace") or "") if found.namespaced else ""
    name = str(metadata.get("name") if found.has_metadata else body.get(found.named_by) or "")
    return Document(found, name or "", namespace, body, 0)


def _is_same(kind: Kind, current: str, content: str) -> bool:
    """Whether nothing has to be sent; a newer result of an event here is kept."""
    return int(current) >= int(content) if kind is EVENT else current == content


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
