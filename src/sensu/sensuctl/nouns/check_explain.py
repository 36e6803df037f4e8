"""`sensuctl check explain NAME`: when and where a check runs, and the outcome of its last runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.output import show_table, show_title, show_value
from sensu.sensuctl.paths import quoted
from sensu.sensuctl.resource_commands import go_time, joined
from sensu.sensuctl.table import Column
from sensu.terminal_text import clean

AGENT_COLUMNS = (
    Column("Agent", lambda agent: agent.get("name", ""), key=True),
    Column("Last Result", lambda agent: go_time(agent.get("executed"))),
    Column("Status", lambda agent: agent.get("status", 0) if agent.get("executed") else ""),
)
SLOT_COLUMNS = (
    Column("Due", lambda slot: go_time(int(slot.get("at") or 0)), key=True),
    Column("Outcome", lambda slot: slot.get("outcome", "")),
    Column("Asked", lambda slot: slot.get("asked", 0)),
    Column("Answered", lambda slot: slot.get("answered", 0)),
    Column("Late", lambda slot: slot.get("late", 0)),
    Column("Why", lambda slot: slot.get("why", "")),
)
SLOTS_SHOWN = 20


def explain_check(context: Context) -> None:
    """`sensuctl check explain NAME`."""
    name = context.words[0]
    path = f"/api/sensu/v1/namespaces/{quoted(context.namespace)}/checks/{quoted(name)}/explain"
    explanation = context.session.get(path)
    if show_value(context, explanation):
        return
    show_title(context, f"{explanation.get('namespace')}/{explanation.get('check')}")
    for line in _summary(explanation):
        context.print(clean(line))
    agents, slots = explanation.get("agents") or [], explanation.get("slots") or []
    if agents:
        context.print()
        show_table(context, AGENT_COLUMNS, agents)
        more = explanation.get("agents_total", 0) - len(agents)
        if more > 0:
            context.print(f"… {more} more agents")
    if slots:
        context.print()
        show_table(context, SLOT_COLUMNS, sorted(slots, key=lambda slot: -slot.get("at", 0))[:SLOTS_SHOWN])


def _summary(explanation: Mapping[str, Any]) -> Iterator[str]:
    turn = ", round robin" if explanation.get("round_robin") else ""
    yield f"Schedule: {explanation.get('schedule')}{turn}"
    if explanation.get("idle"):
        yield f"Not scheduled: {explanation['idle']}"
    if explanation.get("subdued"):
        yield "Currently subdued."
    for run in explanation.get("next_runs") or ():
        yield f"Next run: {go_time(int(run.get('at') or 0))}{' (subdued)' if run.get('subdued') else ''}"
    subscriptions = joined(explanation.get("subscriptions"), ", ")
    count = explanation.get("agents_total", 0)
    yield f"Subscriptions: {subscriptions}; {count} connected {'agent' if count == 1 else 'agents'}"
    totals = explanation.get("totals") or {}
    since = go_time(int(explanation.get("since") or 0))
    counted = ", ".join(f"{number} {outcome}" for outcome, number in sorted(totals.items()) if number) or "none"
    yield f"Runs since {since}: {counted}"
