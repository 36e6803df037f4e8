"""What messages say, word for word: `snapshots/` has the messages about twelve events in three formats.

`python -m tests.unit.rules.notify.test_message` writes the snapshots again; read what changed.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.event_links import links_of
from sensu.rules.notify.message import AlertMessage, message_of, shown_output, spoken_duration
from sensu.rules.notify.occasions import CHANGED, FLAPS, PROBLEM, REPEATED, RESOLVED, RESULT

SNAPSHOTS = Path(__file__).with_name("snapshots")
NOON = 1_700_049_600
URL = "https://sensu.example.org"


def event(*statuses: int, output: str = "", name: str = "shop", every_s: int = 60, **fields: Any) -> dict[str, Any]:
    """An event of web1 whose last results have these statuses, the newest at noon."""
    first = NOON - every_s * (len(statuses) - 1)
    history = [{"status": status, "executed": first + every_s * place} for place, status in enumerate(statuses)]
    metadata = {"name": name, "namespace": "default", **fields.pop("metadata", {})}
    check = {"metadata": metadata, "status": statuses[-1], "executed": NOON, "output": output, "history": history}
    entity = {"metadata": {"name": "web1", "namespace": "default", **fields.pop("entity", {})}}
    return {"entity": entity, "check": {**check, **fields}}


NAMED = {
    "annotations": {"sensu.io/notify-labels": "region, team, none", "sensu.io/runbook": "https://wiki.example.org/shop"}
}
EVENTS: dict[str, tuple[dict[str, Any], str, bool]] = {
    "critical": (event(0, 2, output="CRITICAL: 503 from https://shop.example.org\n"), PROBLEM, True),
    "warning": (
        event(0, 1, output="DISK WARNING - free space: / 3326 MB (56%);|/=2643MB;5948"),
        PROBLEM,
        True,
    ),
    "unknown": (event(0, 127, output="sh: check-shop: not found"), PROBLEM, False),
    "changed": (event(0, 1, 2, output="worse"), CHANGED, True),
    "repeated": (event(0, *[2] * 16, every_s=900, output="still away", occurrences=16), REPEATED, True),
    "recovered": (event(0, *[2] * 12, 0, output="OK: 200 in 0.1 s"), RESOLVED, True),
    "recovered-after-long": (event(*[2] * 20, 0, output="OK"), RESOLVED, False),
    "flapping": (event(0, 2, 0, 2, output="up and down"), FLAPS, True),
    "result": (event(0, 0, output="OK: 200"), RESULT, False),
    "labelled": (
        event(0, 2, output="slow", metadata=NAMED, entity={"labels": {"region": "eu-1", "team": "shop"}}),
        PROBLEM,
        True,
    ),
    "hostile": (
        event(0, 2, output="<script>alert(1)</script> *b* ``` [x](http://x)\nsecond & last"),
        PROBLEM,
        False,
    ),
    "keepalive": (
        event(0, 1, name="keepalive", output="No keepalive sent from web1 for 120 seconds (>= 120)"),
        PROBLEM,
        True,
    ),
}


def message_about(name: str) -> AlertMessage:
    happening, occasion, is_linked = EVENTS[name]
    return message_of(happening, occasion, links_of(URL, "default", happening) if is_linked else None)


def snapshot(name: str) -> str:
    message = message_about(name)
    parts = {"text": message.text, "markdown": message.markdown, "html": message.html}
    bodies = "".join(f"\n--- {kind}\n{body}\n" for kind, body in parts.items())
    return f"{message.title}\n({message.severity})\n{bodies}"


@pytest.mark.parametrize("name", EVENTS)
def test_messages_are_as_their_snapshots(name: str) -> None:
    """A change of the words of a message shows in the difference of a file."""
    assert snapshot(name) == (SNAPSHOTS / f"{name}.txt").read_text()


def test_long_output_is_cut() -> None:
    """Messages have the beginning of a long output."""
    found = shown_output("x" * 10_000)
    assert len(found) == 500
    assert found.endswith("…")


def test_performance_data_is_left_out_of_every_line() -> None:
    """What follows a `|` is for machines."""
    assert shown_output("one|a=1\n\ntwo | b=2\n") == "one\n\ntwo"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (61, "1 min"),
        (725, "12 min"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (90_000, "1 d 1 h"),
        (864_000, "10 d"),
        (86_460, "1 d 1 min"),
    ],
)
def test_durations_have_their_two_largest_units(seconds: float, words: str) -> None:
    """A duration is as exact as people say it."""
    assert spoken_duration(seconds) == words


@given(st.text(max_size=200))
def test_output_is_never_markup(text: str) -> None:
    """Whatever a check prints is text in HTML and a block of code in Markdown."""
    message = message_of(event(0, 2, output=text), PROBLEM)
    shown = message.html.partition("</pre>")[0].removeprefix("<pre>") if message.html.startswith("<pre>") else ""
    assert "<" not in shown
    assert message.markdown.count("```") in (0, 2)


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for each in EVENTS:
        (SNAPSHOTS / f"{each}.txt").write_text(snapshot(each))
