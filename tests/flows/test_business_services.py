"""Service components are evaluated when they are due, and their events go the way of all events."""

import msgspec
import pytest

from sensu.backend.ports import SelectedEvents
from sensu.resources.handler import Handler
from sensu.resources.kinds import ENTITY, HANDLER, RULE_TEMPLATE, SERVICE_COMPONENT, SILENCED
from sensu.resources.metadata import ObjectMeta
from sensu.resources.service_component import ComponentRule
from sensu.rules.share import ALL_SLOTS, slot_of
from sensu.store.values import EventKey
from sensu.testing.factories import make_entity, make_metadata, make_proxy, make_silence
from tests.flows.services_world import ServicesWorld, make_component, make_rule, make_template
from tests.flows.world import START


async def test_a_component_makes_an_event_of_its_events(services: ServicesWorld) -> None:
    """The service entity is created, and its event has the rule's name, the component's handlers and schedule."""
    labelled = ObjectMeta(name="webservers", namespace="default", labels={"team": "web"}, annotations={"runbook": "r"})
    await services.configure(SERVICE_COMPONENT, make_component(metadata=labelled, handlers=("slack",)))
    await services.configure(HANDLER, Handler(metadata=make_metadata("slack"), type="pipe", command="cat"))
    await services.reports(0, 2, 2)
    await services.clock.advance(10)
    event, entity = await services.event("website", "web"), await services.entity("website")
    assert event
    assert event.check
    assert entity
    assert (entity.entity_class, entity.subscriptions) == ("service", ("entity:website",))
    check = event.check
    assert (check.status, check.output) == (
        2,
        "CRITICAL: Less than 50% of selected events are OK (33.33333333333333%)\n",
    )
    assert (check.handlers, check.interval, check.ttl, check.state) == (("slack",), 10, 20, "failing")
    assert check.metadata.labels == {"team": "web"}
    assert check.metadata.annotations == {"runbook": "r", "sensu.io/service_component": "webservers"}
    assert event.metadata.annotations == {"io.sensu.bsm.selected_event_count": "3"}
    assert (event.entity, event.timestamp) == (entity, check.executed)
    assert await services.owed_statuses() == [("web", 2)]
    await services.reports(0, 0, 2)
    await services.clock.advance(10)
    after = await services.event("website", "web")
    assert after
    assert after.check
    assert [one.status for one in after.check.history or ()] == [2, 0]
    assert after.check.output == "Everything looks good (66.66666666666666% OK)"


async def test_each_rule_makes_an_event_on_each_service(services: ServicesWorld) -> None:
    """Rules are evaluated separately, and all services that depend on the component have their events."""
    rules = (make_rule("half", critical_threshold=50), make_rule("any", critical_count=1))
    await services.configure(SERVICE_COMPONENT, make_component("web", *rules, services=("website", "shop")))
    await services.reports(0, 0, 2)
    await services.clock.advance(10)
    for service in ("website", "shop"):
        assert await services.found("half", service) == (0, "Everything looks good (66.66666666666666% OK)")
        output = "CRITICAL: 1 or more selected events are in a critical state (1)\n"
        assert await services.found("any", service) == (2, output)


async def test_all_selectors_of_a_query_must_match_in_its_namespace(services: ServicesWorld) -> None:
    """Fields and labels select together, and events of other namespaces never count."""
    await services.configure(SERVICE_COMPONENT, make_component(labels="region == 'eu'"))
    for name, region in (("web1", "eu"), ("web2", "us"), ("web3", "eu")):
        await services.report_of(name, 2, entity=make_proxy(name, labels={"region": region}))
    await services.report_of("db1", 2, subscription="database", entity=make_proxy("db1", labels={"region": "eu"}))
    await services.clock.advance(10)
    event = await services.event("website", "web")
    assert event
    assert event.metadata.annotations == {"io.sensu.bsm.selected_event_count": "2"}


async def test_without_events_a_component_warns(services: ServicesWorld) -> None:
    """A query that selects nothing is a warning, not a success."""
    await services.configure(SERVICE_COMPONENT, make_component())
    await services.clock.advance(10)
    assert await services.found() == (1, "WARNING: No events selected for aggregate\n")


async def test_intervals_and_cron_lines_are_those_of_checks(services: ServicesWorld) -> None:
    """A component runs once an interval at a phase of its name, or when its cron line is due, then without TTL."""
    await services.configure(
        SERVICE_COMPONENT,
        make_component("a", make_rule("by-interval"), interval=20),
        make_component("b", make_rule("by-cron"), interval=0, cron="* * * * *"),
    )
    executed: dict[str, list[int]] = {"by-interval": [], "by-cron": []}
    for _ in range(130):
        await services.clock.advance(1)
        for rule, times in executed.items():
            event = await services.event("website", rule)
            if event and event.check and event.check.executed not in times:
                times.append(event.check.executed)
                assert event.check.ttl == (40 if rule == "by-interval" else 0)
    assert [time - START for time in executed["by-cron"]] == [40, 100]
    assert {b - a for a, b in zip(executed["by-interval"], executed["by-interval"][1:], strict=False)} == {20}
    assert len(executed["by-interval"]) in (6, 7)


async def test_results_of_components_do_not_count_unless_they_are_asked_for(services: ServicesWorld) -> None:
    """A query that would match everything leaves out services; one that names the class finds services."""
    on_services = "event.entity.entity_class == service && event.entity.name == website"
    await services.configure(
        SERVICE_COMPONENT,
        make_component("all", query="event.check.status != '7'"),
        make_component("shop", make_rule("shop"), query=on_services, services=("shop",)),
    )
    await services.reports(2, 2)
    await services.clock.advance(30)
    found = await services.event("website", "web")
    assert found
    assert found.metadata.annotations == {"io.sensu.bsm.selected_event_count": "2"}
    assert await services.found("shop", "shop") == (
        2,
        "CRITICAL: Less than 50% of selected events are OK (0%)\n",
    )


async def test_deleted_and_renamed_events_drop_out(services: ServicesWorld) -> None:
    """An event that is deleted, or does not match any more, does not count at the next evaluation."""
    await services.configure(SERVICE_COMPONENT, make_component("web", make_rule(critical_count=1)))
    await services.reports(2, 2)
    await services.clock.advance(10)
    assert await services.found() == (2, "CRITICAL: 1 or more selected events are in a critical state (2)\n")
    await services.eventd.remove(EventKey("default", "web0", "http"))
    await services.clock.advance(10)
    assert await services.found() == (2, "CRITICAL: 1 or more selected events are in a critical state (1)\n")
    await services.report_of("web1", 2, subscription="database")
    await services.clock.advance(10)
    assert await services.found() == (1, "WARNING: No events selected for aggregate\n")


async def test_a_changed_query_counts_from_the_next_evaluation_on(services: ServicesWorld) -> None:
    """All events are looked at again with the new query, also those that did not change."""
    await services.configure(SERVICE_COMPONENT, make_component())
    await services.reports(0)
    await services.report_of("db1", 2, subscription="database")
    await services.clock.advance(10)
    assert await services.found() == (0, "Everything looks good (100% OK)")
    await services.configure(SERVICE_COMPONENT, make_component(query="database in event.check.subscriptions"))
    await services.clock.advance(10)
    assert await services.found() == (2, "CRITICAL: Less than 50% of selected events are OK (0%)\n")


async def test_silenced_events_count_unless_the_query_leaves_them_out(services: ServicesWorld) -> None:
    """Silences hold back handlers, not the truth; a selector on `is_silenced` ignores silenced events."""
    unsilenced = "webserver in event.check.subscriptions && event.is_silenced == false"
    await services.configure(
        SERVICE_COMPONENT,
        make_component("all", make_rule("all", critical_count=1)),
        make_component(
            "loud",
            make_rule("loud", critical_count=1),
            query=unsilenced,
        ),
    )
    await services.configure(SILENCED, make_silence("entity:web1"))
    await services.reports(0, 2)
    await services.clock.advance(10)
    assert (await services.found("all") or (None,))[0] == 2
    assert (await services.found("loud") or (None,))[0] == 0


async def test_a_silenced_service_is_evaluated_and_not_handled(services: ServicesWorld) -> None:
    """A silence of a service's rule applies to its events as to those of checks."""
    await services.configure(SERVICE_COMPONENT, make_component(handlers=("slack",)))
    await services.configure(SILENCED, make_silence("entity:website", "web"))
    await services.reports(2)
    await services.clock.advance(10)
    event = await services.event("website", "web")
    assert event
    assert event.check
    assert (event.check.status, event.check.is_silenced) == (2, True)


async def test_events_of_removed_rules_and_components_are_deleted(services: ServicesWorld) -> None:
    """What a component does not produce any more is not reported as missing later; events of others stay."""
    two = make_component("web", make_rule("old"), make_rule("kept"), services=("website", "shop"))
    await services.configure(SERVICE_COMPONENT, two, make_component("other", make_rule("shared")))
    await services.report_of("website", 0, subscription="x")
    await services.reports(0)
    await services.clock.advance(10)
    renamed = make_component("web", make_rule("new"), make_rule("kept"), services=("website",))
    await services.configure(SERVICE_COMPONENT, renamed)
    await services.clock.advance(10)
    places = [("website", "old"), ("website", "kept"), ("website", "new"), ("shop", "old"), ("shop", "kept")]
    assert [await services.event(*place) is not None for place in places] == [False, True, True, False, False]
    await services.drop(SERVICE_COMPONENT, "web")
    await services.clock.advance(60)
    assert await services.found("kept") is None
    assert (await services.found("shared") or (None,))[0] == 0
    assert await services.event("website", "http") is not None
    assert await services.entity("website") is not None


async def test_events_are_deleted_while_nobody_owns_the_component(services: ServicesWorld) -> None:
    """A component that is deleted while its slot is on its way to another member leaves no events behind."""
    await services.configure(SERVICE_COMPONENT, make_component())
    await services.reports(0)
    await services.clock.advance(10)
    services.membership.slots -= {slot_of("default", "service:webservers")}
    await services.drop(SERVICE_COMPONENT, "webservers")
    await services.clock.advance(1)
    assert await services.found() is None


async def test_a_rule_that_two_components_have_outlives_one_of_them(services: ServicesWorld) -> None:
    """An event that another component still makes is not deleted with the first."""
    await services.configure(SERVICE_COMPONENT, make_component("a"), make_component("b"))
    await services.reports(0)
    await services.clock.advance(10)
    await services.drop(SERVICE_COMPONENT, "a")
    await services.clock.advance(1)
    assert await services.found() is not None


async def test_a_restart_counts_what_is_stored(services: ServicesWorld) -> None:
    """After a restart the numbers follow from the stored events, and the TTL has waited."""
    await services.configure(SERVICE_COMPONENT, make_component())
    await services.reports(0, 0, 2, 2, 2)
    await services.clock.advance(10)
    assert await services.found() == (2, "CRITICAL: Less than 50% of selected events are OK (40%)\n")
    await services.restart(down_s=3600)
    await services.report_of("web2", 0)
    await services.clock.advance(12)
    assert await services.found() == (0, "Everything looks good (60% OK)")


async def test_a_component_that_is_not_evaluated_fails_by_its_ttl(services: ServicesWorld) -> None:
    """If nothing evaluates a component for two intervals, its events say so."""
    await services.configure(SERVICE_COMPONENT, make_component())
    await services.reports(0)
    await services.clock.advance(10)
    services.membership.slots -= {slot_of("default", "service:webservers")}
    await services.clock.advance(40)
    status, output = await services.found() or (0, "")
    assert (status, output.startswith("Last check execution was 2")) == (1, True)


async def test_nothing_is_decided_without_the_events_of_all_members(services: ServicesWorld) -> None:
    """While slots are on their way, the last result stays; afterwards events of all members count."""
    await services.configure(SERVICE_COMPONENT, make_component(interval=30, services=("portal",)))
    await services.reports(0, 2)
    moving = slot_of("default", "web0")
    others = ("service:webservers", "web1", "portal")
    assert moving not in [slot_of("default", name) for name in others]
    await services.membership.lose(moving)
    await services.clock.advance(30)
    assert await services.found(service="portal") is None
    assert services.metrics.service_evaluations.value(("waiting",)) == 1
    services.membership.others = SelectedEvents(frozenset({moving}), (0, 0, 0, 5))
    await services.clock.advance(30)
    assert await services.found(service="portal") == (0, "Everything looks good (83.33333333333334% OK)")
    services.membership.others = None
    await services.membership.gain(moving)
    await services.clock.advance(30)
    assert await services.found(service="portal") == (2, "CRITICAL: Less than 50% of selected events are OK (50%)\n")
    assert services.membership.slots == ALL_SLOTS
    assert services.metrics.service_evaluations.value(("evaluated",)) == 2


async def test_a_script_judges_the_selected_events(services: ServicesWorld) -> None:
    """A template sees events, arguments and helpers, and decides about status, output, labels, metrics and handlers."""
    script = """
      var failing = [];
      for (var i = 0; i < events.length; i++)
        if (events[i].check.status > 0) failing.push(events[i].entity.name + '/' + events[i].check.metadata.name);
      event.check.status = sensu.PercentageBySeverity('non-zero') >= args.limit ? 2 : 0;
      event.check.output = failing.join(' ') + ' for ' + event.entity.name;
      event.check.labels.failing = failing.length;
      event.check.handlers = ['pager'];
      event.annotations['summary'] = event.check.name;
      event.metrics = sensu.NewMetrics({points: [{name: 'failing', value: failing.length, timestamp: 5, tags: []}]});
      return event;
    """
    await services.configure(RULE_TEMPLATE, make_template("share", script, limit={"type": "number", "default": 50}))
    await services.configure(SERVICE_COMPONENT, make_component("web", make_rule("web", "share")))
    await services.reports(0, 2, 1)
    await services.clock.advance(10)
    event = await services.event("website", "web")
    assert event
    assert event.check
    assert (event.check.status, event.check.output) == (2, "web1/http web2/http for website")
    assert event.check.metadata.labels == {"failing": "2"}
    assert event.check.handlers == ("pager",)
    assert event.metadata.annotations == {"summary": "web"}


async def test_handlers_of_the_component_come_before_those_of_a_script(services: ServicesWorld) -> None:
    """A template sets handlers only where the component has none."""
    await services.configure(RULE_TEMPLATE, make_template("any", "event.check.handlers = ['pager']; return event;"))
    await services.configure(SERVICE_COMPONENT, make_component("web", make_rule("web", "any"), handlers=("slack",)))
    await services.clock.advance(10)
    event = await services.event("website", "web")
    assert event
    assert event.check
    assert event.check.handlers == ("slack",)


async def test_the_example_of_the_sdk_needs_no_return(services: ServicesWorld) -> None:
    """A script that only changes `event` has decided; one that changes nothing says that all is well."""
    script = """
      if (sensu.Percentage("critical") >= 35) {
        event.check = {status: 2, output: "critical event"}
      } else if (sensu.Count("warning") >= 1) {
        event.check = {status: 1, output: "warning event"}
      }
    """
    await services.configure(RULE_TEMPLATE, make_template("sdk", script))
    await services.configure(SERVICE_COMPONENT, make_component("web", make_rule("web", "sdk")))
    for statuses, expected in (((0, 2), (2, "critical event")), ((0, 1), (1, "warning event")), ((0, 0), (0, ""))):
        await services.reports(*statuses)
        await services.clock.advance(10)
        assert await services.found() == expected


@pytest.mark.parametrize(
    ("script", "rule", "reason"),
    [
        ("return event;", make_rule("web", "missing"), "the rule template missing does not exist"),
        ("return event;", make_rule("web", "any", limit="5"), 'the argument limit must be of the type number, not "5"'),
        ("return event;", make_rule("web", "any", other=1), "the argument limit must be set"),
        ("throw 'away';", make_rule("web", "any", limit=1), "the template any failed: away"),
        ("return undefinedName;", make_rule("web", "any", limit=1), "ReferenceError"),
        ("return true;", make_rule("web", "any", limit=1), "did not return an event"),
        ("return {};", make_rule("web", "any", limit=1), "returned an event without a check"),
        ("return {check: {status: 'bad'}};", make_rule("web", "any", limit=1), "to bad, which is no exit status"),
        ("return {check: {status: 256}};", make_rule("web", "any", limit=1), "which is not between 0 and 255"),
        ("event.check.handlers = 'a'; return event;", make_rule("web", "any", limit=1), "no list of names"),
        ("event.metrics = {points: 5}; return event;", make_rule("web", "any", limit=1), "metrics of the template"),
        ("sensu.Count('fine');", make_rule("web", "any", limit=1), "unknown severity fine"),
        ("while (true) {}", make_rule("web", "any", limit=1), "the time limit was reached"),
        ("var a = 'x'; while (true) a += a;", make_rule("web", "any", limit=1), "the template any failed"),
    ],
)
async def test_a_rule_that_fails_is_unknown(
    services: ServicesWorld, script: str, rule: ComponentRule, reason: str
) -> None:
    """A missing template, a refused argument and a script that fails give status 3 with the reason."""
    template = make_template("any", script, limit={"type": "number"})
    required = msgspec.structs.replace(template.arguments, required=("limit",))
    await services.configure(RULE_TEMPLATE, msgspec.structs.replace(template, arguments=required))
    await services.configure(SERVICE_COMPONENT, make_component("web", rule, make_rule("sound")))
    await services.reports(0)
    await services.clock.advance(10)
    status, output = await services.found() or (0, "")
    assert (status, output.startswith("UNKNOWN: "), reason in output) == (3, True, True), output
    assert await services.found("sound") == (0, "Everything looks good (100% OK)")


async def test_an_entity_that_exists_keeps_its_class(services: ServicesWorld) -> None:
    """A service of the name of another entity is that entity: nothing of it is changed."""
    await services.configure(ENTITY, make_entity("website", labels={"site": "a"}, entity_class="proxy"))
    await services.configure(SERVICE_COMPONENT, make_component())
    await services.clock.advance(10)
    entity = await services.entity("website")
    assert entity
    assert (entity.entity_class, entity.metadata.labels) == ("proxy", {"site": "a"})
    assert await services.found() is not None
