"""`sensuctl api-key …`."""

from sensu.resources.kinds import API_KEY
from sensu.sensuctl.command import Context
from sensu.sensuctl.declare import ONE, change, deletion, info, listing, method
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import Noun, go_time, name_of
from sensu.sensuctl.table import Column

COLUMNS = (
    Column("Name", name_of, key=True, whole=True),
    Column("Username", lambda key: key.get("username", "")),
    Column("Created At", lambda key: go_time(key.get("created_at")), whole=True),
)


class APIKeyNoun(Noun):
    """API keys, which the API names itself."""

    def grant(self, context: Context) -> None:
        """`sensuctl api-key grant USERNAME`."""
        answer = context.session.call("POST", resource_path(API_KEY, ""), {"username": context.words[0]})
        context.print(f"Created: {answer.headers.get('location', '')}")


NOUN = APIKeyNoun(API_KEY, COLUMNS)
COMMANDS = (
    change("api-key", "grant", method("api-key", "grant"), "[USERNAME]", ONE, "Create an API key for a user", "admin"),
    info("api-key"),
    listing("api-key"),
    deletion("api-key", verb="revoke"),
)
