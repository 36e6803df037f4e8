"""The endpoints of users."""

from collections.abc import Iterator

from sensu.backend.api.errors import created, deleted, found
from sensu.backend.api.request import Request
from sensu.backend.api.resources import ResourceEndpoint
from sensu.backend.api.responses import Response
from sensu.backend.api.router import CORE, Route
from sensu.backend.services.resources import Resources
from sensu.backend.services.users import PasswordChange, Users
from sensu.resources.kinds import USER
from sensu.resources.user import User


def routes(resources: Resources, users: Users) -> Iterator[Route]:
    """The routes of users, their groups and passwords."""
    endpoint = UserEndpoint(users)
    collection = f"{CORE}/users"
    one = f"{collection}/{{name}}"
    yield Route("GET", collection, ResourceEndpoint(resources, USER).listing, lists=USER)
    yield Route("POST", collection, endpoint.create, takes=User, status=201)
    yield Route("GET", one, endpoint.get, gives=User)
    yield Route("PUT", one, endpoint.replace, takes=User, status=201)
    yield Route("DELETE", one, endpoint.disable, status=204)
    yield Route("PUT", f"{one}/reinstate", endpoint.reinstate, status=201)
    yield Route("DELETE", f"{one}/groups", endpoint.leave_all, status=204)
    yield Route("PUT", f"{one}/groups/{{group}}", endpoint.join, status=201)
    yield Route("DELETE", f"{one}/groups/{{group}}", endpoint.leave, status=204)
    yield Route("PUT", f"{one}/password", endpoint.change_password, takes=PasswordChange, status=201)
    yield Route("PUT", f"{one}/change_password", endpoint.change_password, takes=PasswordChange, status=201)
    yield Route("PUT", f"{one}/reset_password", endpoint.reset_password, takes=PasswordChange, status=201)


class UserEndpoint:
    """Handles requests for users."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def get(self, request: Request) -> Response:
        """Show a user."""
        return found(await self._users.get(request.caller, request.params[0]))

    async def create(self, request: Request) -> Response:
        """Create a user."""
        return created(await self._users.create(request.caller, request.json_body))

    async def replace(self, request: Request) -> Response:
        """Create or replace a user."""
        return created(await self._users.replace(request.caller, request.params[0], request.json_body))

    async def disable(self, request: Request) -> Response:
        """Disable a user."""
        return deleted(await self._users.disable(request.caller, request.params[0]))

    async def reinstate(self, request: Request) -> Response:
        """Enable a disabled user."""
        return created(await self._users.reinstate(request.caller, request.params[0]))

    async def join(self, request: Request) -> Response:
        """Add a user to a group."""
        name, group = request.params
        return created(await self._users.join(request.caller, name, group))

    async def leave(self, request: Request) -> Response:
        """Remove a user from a group."""
        name, group = request.params
        return deleted(await self._users.leave(request.caller, name, group))

    async def leave_all(self, request: Request) -> Response:
        """Remove a user from all groups."""
        return deleted(await self._users.leave(request.caller, request.params[0], None))

    async def change_password(self, request: Request) -> Response:
        """Change a password; the current one is required."""
        return created(await self._users.change_password(request.caller, request.params[0], request.json_body))

    async def reset_password(self, request: Request) -> Response:
        """Reset a password."""
        return created(await self._users.reset_password(request.caller, request.params[0], request.json_body))
