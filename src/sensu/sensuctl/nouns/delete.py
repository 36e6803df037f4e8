"""`sensuctl delete`: delete the resources of a file or of standard input.

Source: recorded sensuctl session delete-files.
"""

from collections.abc import Iterable
from pathlib import Path

from sensu.files.documents import Document
from sensu.resources.kinds import (
    NAMESPACE,
    TESSEN,
)
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.sources import is_device, read_file, read_stdin
from sensu.sensuctl.wrapped import parse_documents, path_of

NOT_FOUND = 404
FAILURES_SHOWN_MAX = 10


class Deletions:
    """Deletes resources and counts them; a resource that does not exist counts as deleted."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.deleted, self.gone = 0, 0
        self.failures: list[str] = []
        self._namespaces: dict[str, bool] = {}

    def delete(self, path: str, failure: str, *, namespace: str = "") -> None:
        """Delete the resource at a path; `failure` begins the message if the API refuses.

        A `namespace`, if given, must exist, so that a mistyped one is noticed.
        """
        try:
            self._context.session.call("DELETE", path)
        except APIError as err:
            if err.status == NOT_FOUND and (not namespace or self._exists(namespace)):
                self.gone += 1
            else:
                self.failures.append(f"{failure}: {err}")
            return
        self.deleted += 1

    def forget(self, namespace: str) -> None:
        """Do not look up a namespace that is deleted too: its resources may be gone with it."""
        self._namespaces[namespace] = True

    def _exists(self, namespace: str) -> bool:
        if namespace not in self._namespaces:
            try:
                self._context.session.get(resource_path(NAMESPACE, "", namespace))
                self._namespaces[namespace] = True
            except APIError as err:
                self._namespaces[namespace] = err.status != NOT_FOUND
        return self._namespaces[namespace]

    def finish(self, *, quiet: bool = False) -> None:
        """Print the result unless `quiet`; raises CommandFailed with the refusals."""
        if not quiet and (self._context.for_people or self.gone):
            gone = f", {self.gone} {'was' if self.gone == 1 else 'were'} gone already" if self.gone else ""
            self._context.say(f"{self.deleted} deleted{gone}")
        if self.failures:
            more = len(self.failures) - FAILURES_SHOWN_MAX
            shown = [*self.failures[:FAILURES_SHOWN_MAX], *([f"and {more} more"] if more > 0 else [])]
            raise CommandFailed("\n".join(shown))


def delete(context: Context) -> None:
    """`sensuctl delete -f FILE`: delete the resources of a file; failures are reported at the end."""
    documents = parse_documents(context, _text(context))
    deletions = Deletions(context)
    for document in documents:
        if document.kind == NAMESPACE:
            deletions.forget(document.name)
    with Progress(context, "delete", len(documents)) as progress:
        for index, document in _in_order(documents):
            path, namespace = path_of(document, context.namespace), document.namespace_in(context.namespace)
            deletions.delete(path, f"error deleting resource {index} ({path})", namespace=namespace)
            progress.advance()
    deletions.finish()


def _in_order(documents: Iterable[Document]) -> list[tuple[int, Document]]:
    """The documents with their numbers, dependencies last."""
    found = [(index, document) for index, document in enumerate(documents) if document.kind != TESSEN]
    return sorted(found, key=lambda one: one[1].kind.delete_order)


def _text(context: Context) -> str:
    name = context.text("file")
    if not name:
        if is_device(context.stdin):
            raise CommandFailed("empty stdin", plain="specify the resources with --file FILE or on standard input")
        return read_stdin(context, "stdin")
    path = Path(name)
    if path.is_dir():
        raise CommandFailed("directories not supported yet")
    return read_file(path, name)
