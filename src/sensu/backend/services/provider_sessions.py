"""The end of a provider's sessions: they end in the commit that deletes it or replaces it by one of another type."""

from collections.abc import Sequence

from sensu.backend.auth.providers import id_of
from sensu.backend.auth.tokens import Tokens
from sensu.resources.documents import type_of
from sensu.resources.kinds import AUTH_PROVIDER
from sensu.store.values import DeleteResource, PutResource, Stored, Write


def sessions_ended_by(tokens: Tokens, write: PutResource | DeleteResource, before: Stored | None) -> Sequence[Write]:
    """The ends of the sessions of the provider that a write removes; none for other kinds of resources."""
    if write.key.kind != AUTH_PROVIDER.qualified_name or before is None:
        return ()
    type_before = type_of(AUTH_PROVIDER, before.body)
    if isinstance(write, PutResource) and type_of(AUTH_PROVIDER, write.body) is type_before:
        return ()
    return tokens.sessions.ending_all_of_provider(id_of(type_before, write.key.name))
