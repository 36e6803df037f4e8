"""Messages of notify handlers: real services on the loopback interface, and the helper process that sends to them."""

from collections.abc import Iterator

import pytest

from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Filtered, Retry
from sensu.resources.check import CheckHistory
from sensu.resources.handler import Handler, Notify
from sensu.resources.kinds import MUTATOR, SECRET
from sensu.resources.metadata import SecretReference
from sensu.resources.secret import Secret
from sensu.rules.handler_test import HandlerTest, HandlerTestReport
from sensu.testing.factories import make_metadata, make_metrics_event
from tests.flows.pipelined_world import START, PipelinedWorld, mutator, pipe, result
from tests.sinks import HttpSink, MailSink, http_sink, mail_sink

LINKED = pytest.mark.world(web_url="https://sensu.example.com")


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as found:
        yield found


@pytest.fixture
def mail() -> Iterator[MailSink]:
    with mail_sink() as found:
        yield found


def notify(*urls: str, name: str = "ops", when: tuple[str, ...] = (), **fields: object) -> Handler:
    return Handler(
        metadata=make_metadata(name),
        type="notify",
        **{"timeout": 10, "notify": Notify(urls=urls, when=when), **fields},  # type: ignore[arg-type]
    )


@LINKED
async def test_a_problem_is_one_message_to_each_service(world: PipelinedWorld, sink: HttpSink, mail: MailSink) -> None:
    """A failing result is sent to a webhook and by mail, with the title, the output and links into the web UI."""
    to_mail = f"mailto://127.0.0.1:{mail.port}?from=sensu@example.org&to=ops@example.org"
    await world.handlers(notify(f"json://127.0.0.1:{sink.port}/hook", to_mail))
    await world.owe(result("503 from <shop>|time=3s", handlers=["ops"]))
    await world.settled()
    (request,) = sink.requests
    assert request.json["title"] == "🔴 web1/http is critical"
    assert request.json["type"] == "failure"
    assert request.json["message"].startswith("503 from <shop>\n\n")
    (sent,) = mail.mails
    assert sent["Subject"] == "🔴 web1/http is critical"
    assert sent["To"] == "ops@example.org"
    for subtype in ("plain", "html"):
        body = sent.get_body((subtype,))
        assert body is not None
        assert "https://sensu.example.com/n/default/events/web1/http" in body.get_content()


async def test_only_services_that_failed_are_tried_again(world: PipelinedWorld, sink: HttpSink) -> None:
    """When one of two services fails, the delivery is retried for it alone, and the reason shows no token."""
    good, bad = f"json://127.0.0.1:{sink.port}/good", f"json://ops:geheim@127.0.0.1:{sink.port}/fail"
    await world.handlers(notify(good, bad, retry_attempts=1, retry_delay=60))
    await world.owe(result("503", handlers=["ops"]))
    await world.ended(1)
    ((_, outcome),) = world.counters.outcomes
    assert isinstance(outcome, Retry)
    assert outcome.why.startswith(f"json://ops:...@127.0.0.1:{sink.port}/...: ")
    assert "500" in outcome.why
    await world.clock.advance(60)
    await world.ended(2)
    assert sorted(request.path for request in sink.requests) == ["/fail", "/fail", "/good"]


async def test_a_service_that_hangs_costs_its_own_delivery(world: PipelinedWorld, sink: HttpSink) -> None:
    """A service that does not answer within the handler's timeout fails its delivery; others get their messages."""
    slow = notify(f"json://127.0.0.1:{sink.port}/slow", timeout=1, retry_attempts=0)
    await world.handlers(slow, notify(f"json://127.0.0.1:{sink.port}/quick", name="quick"))
    await world.owe(result("503", handlers=["ops"]), result("503", entity="web2", handlers=["quick"]))
    await world.ended(2)
    outcomes = dict(world.counters.outcomes)
    assert outcomes["quick"] == Delivered()
    slow_outcome = outcomes["ops"]
    assert isinstance(slow_outcome, Retry)
    assert "timed out" in slow_outcome.why


async def test_urls_come_from_secrets(world: PipelinedWorld, sink: HttpSink) -> None:
    """`${NAME}` in a URL is the value of the secret; a secret without a value fails the delivery, not the backend."""
    reference = SecretReference(name="HOOK", secret="hook")
    await world.configure(SECRET, Secret(metadata=make_metadata("hook"), provider="env", id="HOOK_URL"))
    await world.handlers(notify("${HOOK}", secrets=(reference,), retry_attempts=1, retry_delay=60))
    await world.owe(result("503", handlers=["ops"]))
    await world.ended(1)
    assert world.counters.outcomes == [("ops", Retry("secret hook: the backend has no variable HOOK_URL"))]
    world.environment["HOOK_URL"] = f"json://127.0.0.1:{sink.port}/secret"
    await world.clock.advance(60)
    await world.settled()
    assert [request.path for request in sink.requests] == ["/secret"]


async def test_an_unknown_service_is_named_with_the_one_that_was_meant(world: PipelinedWorld) -> None:
    """A URL of an unknown service fails with the service that was probably meant."""
    await world.handlers(notify("slak://token-a/token-b", retry_attempts=0))
    await world.owe(result("503", handlers=["ops"]))
    await world.ended(1)
    assert world.counters.outcomes == [("ops", Retry("slak://.../...: unknown service slak; did you mean slack?"))]


async def test_what_needs_no_message_is_filtered(world: PipelinedWorld, sink: HttpSink) -> None:
    """Passing results, silenced events and metrics alone count as filtered, with the reason."""
    await world.handlers(notify(f"json://127.0.0.1:{sink.port}/hook"))
    silenced = result("503", entity="web2", handlers=["ops"], is_silenced=True, silenced=("web2:*",))
    passing = result("ok", status=0, entity="web3", handlers=["ops"])
    metrics = make_metrics_event(handlers=("ops",))
    await world.owe(silenced, passing, metrics)
    await world.ended(3)
    notes = {outcome.why for _, outcome in world.counters.outcomes if isinstance(outcome, Filtered)}
    assert notes == {
        "the event is silenced",
        "nothing changed that the handler sends a message about (incident, resolve)",
        "the event has metrics only",
    }
    assert sink.requests == []


async def test_a_repeated_result_is_delivered_without_a_message(world: PipelinedWorld, sink: HttpSink) -> None:
    """A result that repeats what was announced counts as delivered: people know of it."""
    await world.handlers(notify(f"json://127.0.0.1:{sink.port}/hook"))
    for _ in range(2):
        await world.owe(result("503", handlers=["ops"]))
        await world.settled()
    outcomes = [outcome for _, outcome in world.counters.outcomes]
    assert outcomes == [Delivered(), Delivered("the incident was announced before")]
    assert len(sink.requests) == 1


async def test_text_of_a_mutator_is_no_event(world: PipelinedWorld) -> None:
    """A mutator that makes something else of the event leaves nothing to make a message of, which is explained."""
    await world.configure(MUTATOR, mutator("shout", command="echo NO", timeout=10))
    await world.handlers(notify("json://127.0.0.1:1/", mutator="shout"))
    await world.owe(result("503", handlers=["ops"]))
    await world.ended(1)
    why = "the mutator's output is no event, which messages are made of"
    assert world.counters.outcomes == [("ops", Dropped(why))]


async def test_an_incident_is_one_thread_of_mails(world: PipelinedWorld, mail: MailSink) -> None:
    """Its beginning, a changed status and its end are mails that refer to the same incident; repetitions are none."""
    await world.handlers(notify(f"mailto://127.0.0.1:{mail.port}?from=sensu@example.org&to=ops@example.org"))
    for status in (1, 2, 2, 2, 0, 0, 2):
        await world.owe(result("503", status=status, handlers=["ops"]))
        await world.settled()
    assert [sent["Subject"][2:] for sent in mail.mails] == [
        "web1/http is warning",
        "web1/http is now critical",
        "web1/http recovered",
        "web1/http is critical",
    ]
    threads = [str(sent["References"]) for sent in mail.mails]
    assert threads[0].endswith("@sensu>")
    assert len({*threads[:3]}) == 1
    assert [str(sent["In-Reply-To"]) for sent in mail.mails] == threads


async def test_a_restarted_backend_knows_what_was_announced(world: PipelinedWorld, sink: HttpSink) -> None:
    """What services know is stored: after a restart, an incident is not announced again, and its end is."""
    await world.handlers(notify(f"json://127.0.0.1:{sink.port}/hook"))
    await world.owe(result("503", handlers=["ops"]))
    await world.settled()
    await world.restart()
    await world.owe(result("503", handlers=["ops"]), result("fine", status=0, handlers=["ops"]))
    await world.settled()
    assert [request.json["type"] for request in sink.requests] == ["failure", "success"]


async def test_a_service_that_is_down_makes_no_noise_at_others(world: PipelinedWorld, sink: HttpSink) -> None:
    """While one service fails again and again, the others get its message once."""
    good, bad = f"json://127.0.0.1:{sink.port}/good", f"json://127.0.0.1:{sink.port}/fail"
    await world.handlers(notify(good, bad, retry_attempts=0))
    for _ in range(3):
        await world.owe(result("503", handlers=["ops"]))
        await world.settled()
    assert sorted(request.path for request in sink.requests) == [*["/fail"] * 3, "/good"]


async def test_reminders_come_after_the_time_that_the_handler_asks_for(world: PipelinedWorld, sink: HttpSink) -> None:
    """`repeat` announces an incident again while it lasts."""
    settings = Notify(urls=(f"json://127.0.0.1:{sink.port}/hook",), repeat="4h")
    await world.handlers(notify(notify=settings))
    for hours in (0, 2, 2, 2):
        await world.clock.advance(hours * 3600)
        await world.owe(result("503", handlers=["ops"]))
        await world.settled()
    titles = [request.json["title"][2:] for request in sink.requests]
    assert titles == ["web1/http is critical", "web1/http is still critical"]


async def test_an_incident_whose_end_was_missed_does_not_hide_the_next(world: PipelinedWorld, sink: HttpSink) -> None:
    """If a filter or a deleted check kept the end of an incident from the handler, the next one is announced."""
    await world.handlers(notify(f"json://127.0.0.1:{sink.port}/hook"))
    for executed in (START, START + 600):
        history = (CheckHistory(status=0, executed=executed - 60), CheckHistory(status=2, executed=executed))
        await world.owe(result("503", handlers=["ops"], history=history))
        await world.settled()
    assert len(sink.requests) == 2


async def report_of(world: PipelinedWorld, handler: Handler, **asked: object) -> HandlerTestReport:
    await world.handlers(handler)
    return await world.offered.tests.run(handler, HandlerTest(**asked), "admin")  # type: ignore[arg-type]


@LINKED
async def test_a_test_sends_a_marked_message_to_every_service(world: PipelinedWorld, sink: HttpSink) -> None:
    """A test shows for each URL whether the message was taken, how long that took, or why it was not."""
    good, bad = f"json://127.0.0.1:{sink.port}/hook", f"json://ops:geheim@127.0.0.1:{sink.port}/fail"
    report = await report_of(world, notify(good, bad))
    assert report.title == "Test: 🔴 handler-test/test is critical"
    assert "This is a test of the handler ops, requested by admin." in report.text
    assert [target.outcome for target in report.targets] == ["sent", "failed"]
    assert report.targets[0].seconds > 0
    assert "500" in report.targets[1].why
    assert "geheim" not in str(report)
    assert not report.ok
    assert sink.requests[0].json["title"] == report.title


async def test_a_test_changes_nothing_about_incidents(world: PipelinedWorld, sink: HttpSink) -> None:
    """After a test, the next problem is announced as if there had been none."""
    handler = notify(f"json://127.0.0.1:{sink.port}/hook")
    assert (await report_of(world, handler)).ok
    assert (await report_of(world, handler, resolve=True)).title == "Test: 🟢 handler-test/test recovered after 1 min"
    await world.owe(result("503", handlers=["ops"]))
    await world.settled()
    assert len(sink.requests) == 3


async def test_a_dry_run_of_a_test_sends_nothing(world: PipelinedWorld, sink: HttpSink) -> None:
    """A dry run shows the message and where it would go; one URL can be chosen by its index."""
    handler = notify("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", f"json://127.0.0.1:{sink.port}/hook")
    report = await report_of(world, handler, dry_run=True, status=1)
    assert report.title == "Test: 🟡 handler-test/test is warning"
    assert [target.target for target in report.targets][0] == "slack://T...2/A...D/T...Q/"
    assert {target.outcome for target in report.targets} == {"not sent"}
    one = await report_of(world, handler, url_index=1)
    assert [target.outcome for target in one.targets] == ["sent"]
    assert len(sink.requests) == 1
    none = await report_of(world, handler, url_index=2)
    assert none.targets[0].why == "the handler has no URL with this index"


async def test_every_type_of_handler_can_be_tested(world: PipelinedWorld) -> None:
    """A command gets the marked event, and a set is a test of its handlers; what is missing is reported."""
    await world.handlers(pipe("good", world.append_command("log")), pipe("bad", "echo no room; exit 3"))
    group = Handler(metadata=make_metadata("all"), type="set", handlers=("good", "bad", "gone"))
    report = await report_of(world, group)
    assert [(target.target, target.outcome, target.why) for target in report.targets] == [
        ("good", "sent", ""),
        ("bad", "failed", "exit status 3: no room"),
        ("gone", "failed", "handler gone does not exist"),
    ]
    (event,) = world.got("log")
    assert event["check"]["metadata"]["annotations"] == {"sensu.io/test": "true"}
