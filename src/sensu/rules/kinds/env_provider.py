"""The rules of the secrets provider `Env`.

Source: docs, "Secrets providers reference" (there is only one).
"""

from collections.abc import Iterator

from sensu.resources.secret_providers import ENV, EnvProvider
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.kinds.secret_provider import OF_A_TYPE


def problems(provider: EnvProvider) -> Iterator[FieldProblem]:
    """The rules that a provider breaks."""
    if provider.metadata.name != ENV:
        yield FieldProblem("metadata.name", f'the only provider of type Env is called "{ENV}"')


RULES = KindRules(problems=problems, selectable=OF_A_TYPE)
