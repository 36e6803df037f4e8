"""Which workflows an event goes through."""

from sensu.resources.handler import Handler
from sensu.resources.metadata import ObjectMeta, PipelineReference, ResourceReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.rules.workflow import (
    HandlerRef,
    Plan,
    core_handler,
    fallback_named,
    fallback_of,
    missing_handler,
    plan,
    wants_handling,
)
from sensu.testing.factories import make_check, make_event, make_metrics_event


def handler(name: str, **fields: object) -> Handler:
    return Handler(metadata=ObjectMeta(name=name, namespace="default"), **{"type": "pipe", "command": "true", **fields})


def handler_set(name: str, *members: str) -> Handler:
    return handler(name, type="set", handlers=members)


def planned(event: object, handlers: tuple[Handler, ...] = (), pipelines: tuple[Pipeline, ...] = ()) -> Plan:
    by_name = {h.metadata.name: h for h in handlers}
    pipelines_by_name = {p.metadata.name: p for p in pipelines}
    return plan(event, pipelines_by_name.get, by_name.get)  # type: ignore[arg-type]


def handler_names(found: Plan) -> list[str]:
    return [workflow.handler.label for workflow in found.workflows]


def test_handlers_that_an_event_names_run_in_order_of_their_names() -> None:
    """An event goes to each existing handler that its check names, once, in order of the names."""
    event = make_event(check=make_check(handlers=("slack", "email", "slack", "nosuch")))
    found = planned(event, (handler("slack", filters=("is_incident",), mutator="m"), handler("email")))
    assert handler_names(found) == ["email", "slack"]
    assert (found.workflows[1].filters, found.workflows[1].mutator) == (("is_incident",), "m")
    assert found.problems == ["handler nosuch does not exist"]


def test_sets_stand_for_their_handlers_three_levels_deep() -> None:
    """A set's handlers run in its stead; a set within a set within a set within a set is left out, and said so."""
    handlers = (
        handler("a"),
        handler("b"),
        handler_set("s1", "a", "s2"),
        handler_set("s2", "s3"),
        handler_set("s3", "b"),
    )
    found = planned(make_event(check=make_check(handlers=("s1",))), handlers)
    assert handler_names(found) == ["a"]
    assert found.problems == ["handler sets are nested more than 3 levels deep"]


def test_a_set_that_holds_itself_ends() -> None:
    """A set that names itself does not send anybody round in circles."""
    found = planned(make_event(check=make_check(handlers=("s",))), (handler_set("s", "s"),))
    assert handler_names(found) == []
    assert found.problems


def test_pipelines_come_before_handlers_and_in_their_order() -> None:
    """An event takes the workflows of its pipelines in the order it names them, then the handlers it names itself."""
    page = PipelineWorkflow(name="page", handler=ResourceReference(name="pager", type="Handler", api_version="core/v2"))
    pipelines = tuple(Pipeline(metadata=ObjectMeta(name=name), workflows=(page,)) for name in ("first", "second"))
    references = tuple(
        ResourceReference(name=name, type="Pipeline", api_version="core/v2") for name in ("second", "gone", "first")
    )
    event = make_event(check=make_check(handlers=("email",)), pipelines=references)
    found = planned(event, (handler("email"),), pipelines)
    assert [str(workflow).split("/", 1)[1] for workflow in found.workflows] == [
        "v2.Pipeline(Name=second)/page",
        "v2.Pipeline(Name=first)/page",
        "v2.LegacyPipeline(Name=legacy-pipeline)/legacy-pipeline-workflow-email",
    ]
    assert found.problems == ["pipeline core/v2.Pipeline(Name=gone) does not exist"]


def test_a_reference_to_another_kind_is_no_pipeline() -> None:
    """A reference that is not to a core/v2 pipeline finds nothing, whatever its name."""
    pipeline = Pipeline(metadata=ObjectMeta(name="p"), workflows=(PipelineWorkflow(name="w"),))
    event = make_event(pipelines=(ResourceReference(name="p", type="Pipeline", api_version="core/v9"),))
    assert planned(event, (), (pipeline,)).workflows == []


def test_only_what_an_event_names_itself_makes_it_wanted() -> None:
    """Handlers of check or metrics and pipelines of the event count; pipelines named in the check alone do not."""
    assert not wants_handling(make_event())
    assert not wants_handling(make_event(check=make_check(pipelines=(PipelineReference(name="p"),))))
    assert wants_handling(make_event(check=make_check(handlers=("h",))))
    assert wants_handling(make_metrics_event(handlers=("influx",)))
    assert not wants_handling(make_metrics_event(handlers=()))


def test_no_two_workflows_have_the_same_name() -> None:
    """Workflows of one name in a pipeline are numbered; a pipeline that is named twice counts once."""
    step = PipelineWorkflow(name="w", handler=ResourceReference(api_version="core/v2", type="Handler", name="slack"))
    pipeline = Pipeline(metadata=ObjectMeta(name="p", namespace="default"), workflows=(step, step))
    reference = ResourceReference(api_version="core/v2", type="Pipeline", name="p")
    found = planned(make_event(pipelines=(reference, reference)), pipelines=(pipeline,))
    assert [workflow.name for workflow in found.workflows] == ["w", "w#2"]


STREAM = HandlerRef("pipeline/v1", "TCPStreamHandler", "slack")


def test_a_workflow_knows_the_kind_of_its_handler() -> None:
    """Handlers of different kinds with the same name are different handlers."""
    references = [ResourceReference(api_version=v, type=t, name="slack") for v, t, _ in (core_handler(""), STREAM)]
    steps = tuple(PipelineWorkflow(name=f"w{n}", handler=reference) for n, reference in enumerate(references))
    pipeline = Pipeline(metadata=ObjectMeta(name="p"), workflows=steps)
    event = make_event(pipelines=(ResourceReference(api_version="core/v2", type="Pipeline", name="p"),))
    found = planned(event, pipelines=(pipeline,))
    assert [workflow.handler for workflow in found.workflows] == [core_handler("slack"), STREAM]
    assert [str(workflow.handler) for workflow in found.workflows] == [
        "core/v2.Handler(Name=slack)",
        "pipeline/v1.TCPStreamHandler(Name=slack)",
    ]


def test_texts_name_other_kinds_of_handlers() -> None:
    """Messages and traces show core handlers by name, and other handlers with their kind."""
    assert missing_handler(core_handler("slack")) == "handler slack does not exist"
    assert missing_handler(STREAM) == "handler pipeline/v1.TCPStreamHandler(Name=slack) does not exist"


def test_stored_names_of_fallback_workflows_are_read_back() -> None:
    """The name of a workflow to a fallback handler, which is stored, yields the handler and the workflow given up."""
    given_up = "core/v2.Pipeline(Name=incidents)/page"
    name = f"fallback(Name=mail)/{given_up}"
    assert fallback_named(name) == (core_handler("mail"), given_up)
    assert str(fallback_of(given_up, core_handler("mail"), "")) == name
    other = str(fallback_of(given_up, STREAM, ""))
    assert other == f"fallback(pipeline/v1.TCPStreamHandler(Name=slack))/{given_up}"
    assert fallback_named(other) == (STREAM, given_up)
    assert fallback_named(given_up) is None
