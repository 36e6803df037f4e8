"""`sensuctl event list --watch`: a live view at a terminal, a line for each change elsewhere.

Source: docs/api.md, "Following a list".
"""

import contextlib
import json
import queue
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sensu.clock import SystemClock
from sensu.resources.kinds import EVENT
from sensu.sensuctl.command import Context
from sensu.sensuctl.event_board import EventBoard, TerminalSize, first_line, key_of, screen, state_of
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.output import FORMATS, wants_colour
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import selected
from sensu.terminal_text import clean, clean_json

LISTED, UPDATED, GONE, LOST, FAILED = "listed", "updated", "gone", "lost", "failed"
_GONE_WORDS = ("deleted", "unmatched")
PLACE = ("namespace", "entity", "check")
UNAUTHORIZED = 401
WAITING_MAX = 1000
"""The maximum number of news that wait for the screen; beyond it reading stops, and the API may end the stream."""
RETRY_S, RETRY_S_MAX = 1.0, 10.0
REDRAW_S = 0.25
CHUNK_SIZE = 500
NOTE_CHARACTERS_MAX = 4096
"""What a file says beyond it is not shown."""
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


class News(NamedTuple):
    """A change of the events; `content` is a list, an event, a key, or the reason why the connection was lost."""

    what: str
    content: Any = None


class ListFollower:
    """Follows a list, starting with its content; reconnects if the connection is lost."""

    def __init__(self, context: Context, path: str, query: Mapping[str, str]) -> None:
        self._context, self._path, self._query = context, path, query
        self._last_id = ""
        self._listed = False

    def news(self) -> Iterator[News]:
        """The news; raises CommandFailed if the API refuses or the first connection fails."""
        wait_s = RETRY_S
        while True:
            try:
                for one in self._once():
                    wait_s = RETRY_S
                    yield one
            except APIError as err:
                if err.status < 500 and not self._renewed(err):
                    raise
            except CommandFailed as err:
                if not self._listed:
                    raise
                yield News(LOST, str(err))
            time.sleep(wait_s)
            wait_s = min(wait_s * 2, RETRY_S_MAX)

    def _renewed(self, err: APIError) -> bool:
        """Renew the token after a refusal and return whether to try again."""
        if err.status != UNAUTHORIZED or self._context.configuration.api_key:
            return False
        self._context.session.renew()
        return True

    def _once(self) -> Iterator[News]:
        session = self._context.session
        for message in session.follow(self._path, self._query, self._last_id):
            if not self._listed or message.type == "expired":
                yield News(LISTED, session.listing(self._path, self._query, CHUNK_SIZE).items)
                self._listed = True
            if message.type == UPDATED:
                yield News(UPDATED, json.loads(message.data))
            elif message.type in _GONE_WORDS:
                yield News(GONE, json.loads(message.data))
            self._last_id = message.id or self._last_id


def watch_events(context: Context) -> None:
    """Follow the events until interrupted."""
    namespace = "" if context.flag("all-namespaces") else context.namespace
    follower = ListFollower(context, resource_path(EVENT, namespace), selected(context))
    if context.stdout.isatty() and context.format not in FORMATS[1:]:
        _show_live(context, follower, f"namespace {namespace}" if namespace else "all namespaces")
        return
    board = EventBoard()
    for one in follower.news():
        if one.what == LOST:
            context.say(f"{one.content}; reconnecting")
        for change in _changes(board, one):
            context.print(_line(context, change))
        context.stdout.flush()


def _changes(board: EventBoard, one: News) -> Iterator[News]:
    """Apply news to the board and return the changes of single events."""
    if one.what == LISTED:
        gone, changed = board.replace(one.content)
        yield from (News(GONE, dict(zip(PLACE, key, strict=True))) for key in gone)
        yield from (News(UPDATED, event) for event in changed)
    elif one.what in (UPDATED, GONE) and _apply(board, one):
        yield one


def _line(context: Context, change: News) -> str:
    """The line for a change: JSON if the output format is for programs."""
    content = change.content
    if context.format in FORMATS[1:]:
        return clean_json(json.dumps({"change": change.what, "event": content}, ensure_ascii=False))
    if change.what == GONE:
        words = [_at(SystemClock().now()), *(content.get(part, "") for part in PLACE), GONE]
    else:
        words = [_at(content.get("timestamp") or 0), *key_of(content), state_of(content), first_line(content)]
    return clean(" ".join(words)).rstrip()


def _at(unix_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(unix_s))


def _show_live(context: Context, follower: ListFollower, about: str) -> None:
    """Draw the events when they change, and every second to update their age."""
    waiting: queue.Queue[News] = queue.Queue(WAITING_MAX)
    threading.Thread(target=_collect, args=(follower, waiting), daemon=True).start()
    board, note, colour = EventBoard(), "connecting …", wants_colour(context)
    context.stdout.write(ENTER)
    try:
        while True:
            for one in _waiting_now(waiting):
                if one.what == FAILED:
                    raise CommandFailed(str(one.content)) from one.content
                note = f"reconnecting: {clean(one.content)}" if one.what == LOST else ""
                _apply(board, one)
            now, size = SystemClock().now(), TerminalSize(*shutil.get_terminal_size())
            head = "   ".join(part for part in (time.strftime("%H:%M:%S", time.localtime(now)), about, note) if part)
            lines = screen(board, head, now, size, colour=colour, note=note_now(context.text("note")))
            context.stdout.write("\x1b[H" + "".join(f"{line}\x1b[K\r\n" for line in lines) + "\x1b[J")
            context.stdout.flush()
    finally:
        context.stdout.write(LEAVE)
        context.stdout.flush()


def note_now(given: str) -> str:
    """The text of `--note`: what was given, or what the file after an @ says now."""
    if not given.startswith("@"):
        return given
    try:
        with Path(given[1:]).open(encoding="utf-8", errors="replace") as file:
            return file.read(NOTE_CHARACTERS_MAX)
    except OSError as err:
        return f"{given[1:]} cannot be read: {err.strerror}"


def _collect(follower: ListFollower, waiting: "queue.Queue[News]") -> None:
    try:
        for one in follower.news():
            waiting.put(one)
    except CommandFailed as err:
        waiting.put(News(FAILED, err))


def _waiting_now(waiting: "queue.Queue[News]") -> Iterator[News]:
    """The news of up to a second, with those that follow shortly after."""
    with contextlib.suppress(queue.Empty):
        yield waiting.get(timeout=1.0)
        time.sleep(REDRAW_S)
        for _ in range(WAITING_MAX):
            yield waiting.get_nowait()


def _apply(board: EventBoard, one: News) -> bool:
    """Apply news to the board and return whether it changed."""
    if one.what == LISTED:
        return any(board.replace(one.content))
    if one.what == UPDATED:
        return board.update(one.content)
    return one.what == GONE and board.remove(one.content)
