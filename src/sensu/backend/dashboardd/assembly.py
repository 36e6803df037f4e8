"""Puts the parts of the web UI's port together."""

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from sensu.backend.api.server import ApiServer
from sensu.backend.auth.records import Records
from sensu.backend.basics import Basics
from sensu.backend.dashboardd.application import Frames, WebApplication
from sensu.backend.dashboardd.build import WebBuild
from sensu.backend.dashboardd.files import DIST
from sensu.backend.listening import ListenerSettings, dashboard_listener
from sensu.backend.membership import Ownership
from sensu.backend.ports import Application
from sensu.backend.services.web_settings import web_settings
from sensu.clock import Clock


class Dashboard:
    """The listener of the web UI."""

    def __init__(
        self,
        api: Application,
        listener: ListenerSettings,
        clock: Clock,
        executor: Executor | None,
        folder: Path = DIST,
        frames: Frames = tuple,
    ) -> None:
        """`api` is the API's application, `folder` contains the build, `frames` the hosts that may embed it."""
        self._build = WebBuild(folder, clock, executor)
        self._server = ApiServer(WebApplication(api, self._build, frames), listener, "web UI")

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    async def start(self) -> None:
        """Accept connections, with the build if there is one; raises ConfigurationError."""
        await self._build.look()
        await self._server.start()

    async def run(self) -> None:
        """Look for the build until it exists."""
        await self._build.run()

    async def stop(self) -> None:
        """Accept no more connections, and end those that remain after a while."""
        await self._server.stop()


def assembled(basics: Basics, api: Application, ownership: Ownership, files: Executor) -> Dashboard | None:
    """The listener of the web UI, not yet started; None if it is turned off."""
    if not basics.settings.dashboard_port:
        return None
    listener = dashboard_listener(basics.settings, shares_port=ownership.shares_ports)
    return Dashboard(api, listener, basics.clock, files, frames=partial(frame_ancestors, basics.records))


def frame_ancestors(records: Records) -> Sequence[str]:
    """The hosts whose pages may show the web UI in a frame."""
    return web_settings(records).frame_ancestors or ()
