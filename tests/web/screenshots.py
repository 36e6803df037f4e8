"""Pictures of the web UI: `python -m tests.web.screenshots` takes those of docs/web, `--all FOLDER` all of them."""

import argparse
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Page

from tests.web.browser import CHECKOUT, DESKTOP, PHONE, THEMES, Theme, Visits, running_chromium
from tests.web.fleet import (
    LONG_NAME,
    fill,
    fill_with_activity,
    fill_with_awkward_handling,
    fill_with_awkward_hosts,
    fill_with_history,
    fill_with_streams_and_services,
    send_through_pipelines,
)
from tests.web.world import PASSWORD, USER, World

DOCS = CHECKOUT / "docs" / "web"
COLOURS = 256
QUIET_MS = 2500
"""How long a page may take to show what it loaded."""
PAGES = {
    "all-namespaces": "/",
    "overview": "/n/default/",
    "events": "/n/default/events",
    "event-groups": "/n/default/events?group=check&open=load",
    "event": "/n/default/events/web1/http",
    "event-day": "/n/default/events/web1/http?from=24h",
    "event-metrics": "/n/default/events/web1/load?from=24h&tab=metrics",
    "entities": "/n/default/entities",
    "entity": "/n/default/entities/db1",
    "entity-timeline": "/n/default/entities/db1?tab=timeline",
    "entity-form": "/n/default/entities/db1/edit",
    "checks": "/n/default/checks",
    "check": "/n/default/checks/http",
    "check-form": "/n/default/checks/http/edit",
    "filter-form": "/n/default/filters/new",
    "pipeline-form": "/n/default/pipelines/new",
    "silences": "/n/default/silences",
    "silences-calendar": "/n/default/silences?view=calendar",
    "silence": "/n/default/silences/entity:db2:replication",
    "new-silence": "/n/default/silences/new?entity=web1&check=http",
    "pipelines": "/n/default/pipelines",
    "pipeline": "/n/default/pipelines/incidents",
    "handlers": "/n/default/handlers",
    "handler": "/n/default/handlers/pager",
    "filter": "/n/default/filters/office-hours",
    "handler-form": "/n/default/handlers/pager/edit",
    "filters": "/n/default/filters",
    "mutators": "/n/default/mutators",
    "mutator": "/n/default/mutators/short",
    "assets": "/n/default/assets",
    "asset": "/n/default/assets/check-disk",
    "asset-form": "/n/default/assets/new",
    "hooks": "/n/default/hooks",
    "hook": "/n/default/hooks/restart-web-server",
    "secrets": "/n/default/secrets",
    "secret-form": "/n/default/secrets/new",
    "secrets-providers": "/secrets-providers",
    "fallback-pipelines": "/n/default/fallback-pipelines",
    "fallback-pipeline": "/n/default/fallback-pipelines/pages",
    "fallback-pipeline-form": "/n/default/fallback-pipelines/new",
    "tcp-stream-handlers": "/n/default/tcp-stream-handlers",
    "tcp-stream-handler": "/n/default/tcp-stream-handlers/logs",
    "sumo-logic-handlers": "/n/default/sumo-logic-metrics-handlers",
    "sumo-logic-handler-form": "/n/default/sumo-logic-metrics-handlers/new",
    "services": "/n/default/services",
    "service-components": "/n/default/service-components",
    "service-component": "/n/default/service-components/frontend",
    "service-component-form": "/n/default/service-components/new",
    "rule-templates": "/n/default/rule-templates",
    "rule-template": "/n/default/rule-templates/aggregate",
    "deliveries": "/n/default/deliveries",
    "cluster": "/cluster",
    "account": "/me",
    "sessions": "/me?tab=sessions",
    "access": "/access/who?verb=update&resource=checks&in=default",
    "users": "/access/users",
    "roles": "/access/roles",
    "bindings": "/access/bindings",
    "keys": "/access/keys",
    "audit": "/audit",
    "namespaces": "/namespaces",
    "settings": "/settings",
    "about": "/about",
    "not-found": "/n/default/nothing-here",
    "long-names": f"/n/default/entities/{LONG_NAME}",
}
BELOW: dict[str, tuple[Literal["tabpanel"], str]] = {"event-metrics": ("tabpanel", "Metrics")}
"""What a page is scrolled to before it is pictured."""
SIGNED_OUT = {"sign-in": "/sign-in"}


class Picture(NamedTuple):
    """A page in a theme and a size."""

    page: str
    theme: Theme
    size: tuple[int, int]

    @property
    def file(self) -> str:
        """Its name in the folder."""
        where = "phone" if self.size == PHONE else "desktop"
        return f"{self.page}-{self.theme}-{where}.png"


IN_DOCS = (
    Picture("sign-in", "dark", DESKTOP),
    Picture("overview", "light", DESKTOP),
    Picture("events", "light", DESKTOP),
    Picture("events", "dark", DESKTOP),
    Picture("events", "light", PHONE),
    Picture("event-day", "light", DESKTOP),
    Picture("event-metrics", "dark", DESKTOP),
    Picture("event", "light", PHONE),
    Picture("overview", "dark", PHONE),
    Picture("cluster", "light", DESKTOP),
    Picture("entity", "light", DESKTOP),
    Picture("check", "light", DESKTOP),
    Picture("check-form", "light", DESKTOP),
    Picture("silences-calendar", "light", DESKTOP),
    Picture("pipeline", "light", DESKTOP),
    Picture("handlers", "dark", DESKTOP),
    Picture("deliveries", "light", DESKTOP),
)
"""The pictures of the documentation."""


def main() -> int:
    """Take the pictures; 1 if a page complained while it was pictured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page in both themes and sizes, into a folder")
    parser.add_argument("--only", help="one page, for example `events`")
    options = parser.parse_args()
    wanted = [each for each in (every() if options.all else IN_DOCS) if options.only in (None, each.page)]
    folder = options.all or DOCS
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, running_chromium() as chromium:
        world = World(Path(state))
        try:
            world.run(world.backend.initialise())
            world.run(fill_with_activity(Path(state)))
            world.start_backend()
            fill_with_history(world)
            fill(world)
            fill_with_streams_and_services(world)
            send_through_pipelines(world)
            if options.all:
                fill_with_awkward_hosts(world)
                fill_with_awkward_handling(world)
            visits = Visits(chromium, world.url)
            for picture in wanted:
                (folder / picture.file).write_bytes(taken(visits, picture))
            visits.close()
        finally:
            world.close()
    print("\n".join(visits.noticed), file=sys.stderr)
    return 1 if visits.noticed else 0


def every() -> Iterator[Picture]:
    """Each page in both themes, at desktop and phone width."""
    for page in (*SIGNED_OUT, *PAGES):
        for theme in THEMES:
            for size in (DESKTOP, PHONE):
                yield Picture(page, theme, size)


def taken(visits: Visits, picture: Picture) -> bytes:
    """A picture as a PNG with a palette."""
    page = visits.visit(None, theme=picture.theme, size=picture.size)
    if picture.page in PAGES:
        visits.sign_in(page, USER, PASSWORD)
    page.goto(PAGES.get(picture.page) or SIGNED_OUT[picture.page])
    try:
        return shot(page, BELOW.get(picture.page))
    finally:
        visits.leave(page)


def shot(page: Page, below: tuple[Literal["tabpanel"], str] | None = None) -> bytes:
    """What a page shows, once it is quiet, as a PNG with a palette; `below` is what it is scrolled to."""
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_timeout(QUIET_MS)
    if below is not None:
        page.get_by_role(below[0], name=below[1]).scroll_into_view_if_needed()
    plain = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    packed = io.BytesIO()
    _with_palette(plain).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def _with_palette(plain: Image.Image) -> Image.Image:
    """A picture in its most frequent colours as they are, bright ones first, because marks of statuses are small."""
    parts = iter(plain.tobytes())
    pixels = list(zip(parts, parts, parts, strict=True))
    counted = Counter(pixels)
    colours = sorted(counted, key=lambda colour: counted[colour] * (1 + max(colour) - min(colour)))[-COLOURS:]
    places = {colour: place for place, colour in enumerate(colours)}
    for colour in counted.keys() - places.keys():
        places[colour] = min(range(len(colours)), key=lambda place: _distance(colour, colours[place]))
    packed = Image.new("P", plain.size)
    packed.putpalette([part for colour in colours for part in colour])
    packed.putdata([places[pixel] for pixel in pixels])
    return packed


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    sys.exit(main())
