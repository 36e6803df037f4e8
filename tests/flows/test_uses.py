"""Who uses pipelines, handlers, filters, mutators, hooks, assets and secrets."""

from typing import Any

from sensu.backend.services import uses
from sensu.backend.stored_form import put
from sensu.resources.asset import Asset
from sensu.resources.event_filter import EventFilter
from sensu.resources.fallback_pipeline import FallbackPipeline
from sensu.resources.handler import Handler
from sensu.resources.hook import HookConfig
from sensu.resources.kinds import (
    ASSET,
    CHECK,
    EVENT_FILTER,
    FALLBACK_PIPELINE,
    HANDLER,
    HOOK,
    PIPELINE,
    SERVICE_COMPONENT,
    TCP_STREAM,
)
from sensu.resources.metadata import FallbackPipelineReference, ResourceReference, SecretReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.resources.tcp_stream import TCPStreamHandler
from sensu.testing.factories import make_check_config, make_metadata
from tests.flows.operator_world import OWN, Operator, rule
from tests.flows.services_world import make_component, make_rule


def refers(kind: str, name: str) -> ResourceReference:
    return ResourceReference(api_version="core/v2", type=kind, name=name)


async def some(operator: Operator) -> None:
    """A check with hooks and a handler, a pipeline, a handler set, and an asset that is needed but missing."""
    workflow = PipelineWorkflow(
        name="page",
        filters=(refers("EventFilter", "is_incident"), refers("EventFilter", "office")),
        mutator=refers("Mutator", "slim"),
        handler=refers("Handler", "pager"),
    )
    check = make_check_config(
        "http", handlers=("pager",), check_hooks=({"critical": ("ps",)},), runtime_assets=("cpu",)
    )
    secrets = (SecretReference(name="TOKEN", secret="pager-token"),)
    pager = Handler(
        metadata=make_metadata("pager"), type="pipe", command="cat", fallback_handler="mail", secrets=secrets
    )
    everyone = Handler(metadata=make_metadata("everyone"), type="set", handlers=("pager",))
    await operator.api.store.commit(
        [
            put(CHECK, check),
            put(PIPELINE, Pipeline(metadata=make_metadata("incidents"), workflows=(workflow,))),
            put(HANDLER, pager),
            put(HANDLER, everyone),
            put(EVENT_FILTER, EventFilter(metadata=make_metadata("office"), action="allow", expressions=("true",))),
            put(HOOK, HookConfig(metadata=make_metadata("ps"), command="ps", timeout=5)),
            put(ASSET, Asset(metadata=make_metadata("idle"), url="https://example.com/idle.tar.gz", sha512="0" * 128)),
        ]
    )


async def used(operator: Operator, of: str) -> dict[str, Any]:
    found = await operator.get(f"{OWN}/uses?of={of}")
    return {each["name"]: each for each in found["uses"]}


async def test_every_reference_is_found(operator: Operator) -> None:
    """By fields of checks and handlers, by workflows of pipelines; what nothing refers to is there, too."""
    await some(operator)
    handlers = await used(operator, "handlers")
    assert handlers["pager"] == {
        "name": "pager", "exists": True, "number": 3,
        "users": [
            {"kind": "checks", "name": "http", "where": "handlers"},
            {"kind": "pipelines", "name": "incidents", "where": "workflow page"},
            {"kind": "handlers", "name": "everyone", "where": "handlers"},
        ],
    }  # fmt: skip
    assert handlers["mail"]["exists"] is False
    assert handlers["everyone"]["number"] == 0
    filters = await used(operator, "filters")
    assert (filters["office"]["number"], filters["is_incident"]["exists"]) == (1, True)
    assert (await used(operator, "mutators"))["slim"]["exists"] is False
    assert (await used(operator, "hooks"))["ps"]["users"][0]["where"] == "check_hooks critical"
    assets = await used(operator, "assets")
    assert (assets["idle"]["number"], assets["cpu"]["exists"], assets["cpu"]["number"]) == (0, False, 1)
    assert (await used(operator, "secrets"))["pager-token"]["users"][0]["name"] == "pager"
    assert (await used(operator, "pipelines"))["incidents"]["number"] == 0


async def test_service_components_use_templates_and_handlers(operator: Operator) -> None:
    """Each rule names a template, also the built-in one, and the component its handlers."""
    rules = (make_rule("web"), make_rule("worst", "worst"))
    await operator.api.store.commit([put(SERVICE_COMPONENT, make_component("web", *rules, handlers=("pager",)))])
    templates = await used(operator, "rule-templates")
    assert {name: (row["exists"], row["users"][0]["where"]) for name, row in templates.items()} == {
        "aggregate": (True, "rule web"),
        "worst": (False, "rule worst"),
    }
    assert (await used(operator, "handlers"))["pager"]["users"] == [
        {"kind": "service-components", "name": "web", "where": "handlers"}
    ]


async def test_one_resource_and_how_many_users_are_named(operator: Operator) -> None:
    """A list names twenty users of each and counts all; for one resource up to a thousand are named."""
    checks = [make_check_config(f"check-{number:02}", handlers=("pager",)) for number in range(30)]
    await operator.api.store.commit([put(CHECK, check) for check in checks])
    (row,) = (await operator.get(f"{OWN}/uses?of=handlers"))["uses"]
    assert (row["number"], len(row["users"])) == (30, uses.LISTED_MAX)
    (row,) = (await operator.get(f"{OWN}/uses?of=handlers&name=pager"))["uses"]
    assert len(row["users"]) == 30
    (row,) = (await operator.get(f"{OWN}/uses?of=handlers&name=nothing"))["uses"]
    assert (row["exists"], row["number"]) == (False, 0)


async def test_users_are_those_that_the_caller_may_list(operator: Operator) -> None:
    """The users of kinds that the caller may not list are left out, and these kinds are named."""
    await some(operator)
    bob = await operator.with_rules(rule("handlers checks", "list"))
    found = await bob.get(f"{OWN}/uses?of=handlers&name=pager")
    assert [user["kind"] for user in found["uses"][0]["users"]] == ["checks", "handlers"]
    streams = ["tcp-stream-handlers", "sumo-logic-metrics-handlers"]
    others = ["filters", "mutators", "hooks", "service-components"]
    assert found["hidden"] == ["pipelines", "fallback-pipelines", *streams, *others]
    assert (await bob.ask("GET", f"{OWN}/uses?of=filters"))[0] == 403
    status, answer = await bob.ask("GET", f"{OWN}/uses?of=events")
    assert status == 400
    assert answer["message"].startswith("of must be one of pipelines, fallback-pipelines, handlers")


async def test_references_to_other_kinds_of_handlers_and_to_pipelines_are_found(operator: Operator) -> None:
    """Pipelines refer to stream handlers, fallback pipelines to pipelines, and checks to fallback pipelines."""
    stream = TCPStreamHandler(metadata=make_metadata("logs"), address="logs:4242", fallback_handler="mail")
    handler = ResourceReference(api_version="pipeline/v1", type="TCPStreamHandler", name="logs")
    logging = Pipeline(metadata=make_metadata("p"), workflows=(PipelineWorkflow(name="w", handler=handler),))
    fallback = FallbackPipeline(metadata=make_metadata("f"), pipelines=(refers("Pipeline", "p"),))
    check = make_check_config("http", fallback_pipeline=FallbackPipelineReference(name="f"))
    stored = [put(TCP_STREAM, stream), put(PIPELINE, logging), put(FALLBACK_PIPELINE, fallback), put(CHECK, check)]
    await operator.api.store.commit(stored)
    for of, name, user in (
        ("tcp-stream-handlers", "logs", {"kind": "pipelines", "name": "p", "where": "workflow w"}),
        ("pipelines", "p", {"kind": "fallback-pipelines", "name": "f", "where": "pipelines"}),
        ("fallback-pipelines", "f", {"kind": "checks", "name": "http", "where": "fallback_pipeline"}),
        ("handlers", "mail", {"kind": "tcp-stream-handlers", "name": "logs", "where": "fallback_handler"}),
    ):
        assert (await used(operator, of))[name]["users"] == [user]
    assert "logs" not in await used(operator, "handlers")
