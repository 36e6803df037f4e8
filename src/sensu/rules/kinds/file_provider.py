"""The rules of the secrets provider `FileProvider`."""

from collections.abc import Iterator

from sensu.resources.secret_providers import FileProvider
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.kinds.secret_provider import OF_A_TYPE, name_problems
from sensu.rules.secret_files import is_directory_path


def problems(provider: FileProvider) -> Iterator[FieldProblem]:
    """The rules that a provider breaks."""
    yield from name_problems(provider.metadata.name)
    if provider.directory and not is_directory_path(provider.directory):
        message = "directory must be an absolute path on the backend's host, without . and .."
        yield FieldProblem("directory", message)


RULES = KindRules(problems=problems, selectable=OF_A_TYPE)
