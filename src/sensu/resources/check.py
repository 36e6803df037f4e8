"""Checks: what agents run (`CheckConfig`), and the result of one run (`Check`)."""

from sensu.resources.hook import Hook, HookLists
from sensu.resources.metadata import FallbackPipelineReference, ObjectMeta, PipelineReference, SecretReference
from sensu.resources.metrics import MetricTag, MetricThreshold, Number
from sensu.resources.time_window import TimeWindowRepeated, TimeWindowWhen
from sensu.resources.wire import Wire, always, always_bool, always_int, always_list, always_null, always_str
from sensu.resources.wire_numbers import I64, U32

KEEPALIVE = "keepalive"
"""The name of the check that an agent's keepalives appear under."""


class ProxyRequests(Wire, frozen=True):
    """The entities that a check is run on behalf of, and how the requests are spread over the interval."""

    entity_attributes: tuple[str, ...] | None = always_null()
    splay: bool = always_bool()
    splay_coverage: U32 = always_int()


class CheckHistory(Wire, frozen=True, gc=False):
    """An earlier result of a check."""

    status: U32 = always_int()
    executed: I64 = always_int()


class CheckTerms(Wire, frozen=True):
    """The fields that checks and their results have in common, in the order in which both begin."""

    command: str = ""
    handlers: tuple[str, ...] = always_list()
    high_flap_threshold: U32 = always_int()
    interval: U32 = always_int()
    low_flap_threshold: U32 = always_int()
    publish: bool = always_bool()
    runtime_assets: tuple[str, ...] | None = always_null()
    subscriptions: tuple[str, ...] = always_list()
    proxy_entity_name: str = always_str()
    check_hooks: HookLists | None = always_null()
    stdin: bool = always_bool()
    subdue: TimeWindowWhen | None = always_null()
    cron: str = ""
    ttl: I64 = always_int()
    timeout: U32 = always_int()
    proxy_requests: ProxyRequests | None = None
    round_robin: bool = always_bool()


class CheckConfig(CheckTerms, frozen=True):
    """The configuration of a check."""

    output_metric_format: str = always_str()
    output_metric_handlers: tuple[str, ...] | None = always_null()
    env_vars: tuple[str, ...] | None = always_null()
    metadata: ObjectMeta = always(ObjectMeta)
    max_output_size: I64 = 0
    discard_output: bool = False
    secrets: tuple[SecretReference, ...] | None = always_null()
    output_metric_tags: tuple[MetricTag, ...] = ()
    pipelines: tuple[PipelineReference, ...] = always_list()
    output_metric_thresholds: tuple[MetricThreshold, ...] = ()
    subdues: tuple[TimeWindowRepeated, ...] = ()
    fallback_pipeline: FallbackPipelineReference | None = None


class Check(CheckTerms, frozen=True):
    """A check inside an event: its configuration at the time, and the result."""

    duration: Number = 0
    executed: I64 = always_int()
    history: tuple[CheckHistory, ...] | None = always_null()
    issued: I64 = always_int()
    output: str = always_str()
    state: str = ""
    status: U32 = always_int()
    total_state_change: U32 = always_int()
    last_ok: I64 = always_int()
    occurrences: I64 = always_int()
    occurrences_watermark: I64 = always_int()
    silenced: tuple[str, ...] = ()
    hooks: tuple[Hook, ...] = ()
    output_metric_format: str = always_str()
    output_metric_handlers: tuple[str, ...] | None = always_null()
    env_vars: tuple[str, ...] | None = always_null()
    metadata: ObjectMeta = always(ObjectMeta)
    max_output_size: I64 = 0
    discard_output: bool = False
    secrets: tuple[SecretReference, ...] | None = always_null()
    is_silenced: bool = always_bool()
    output_metric_tags: tuple[MetricTag, ...] = ()
    scheduler: str = always_str()
    processed_by: str = ""
    pipelines: tuple[PipelineReference, ...] = always_list()
    output_metric_thresholds: tuple[MetricThreshold, ...] = ()
    subdues: tuple[TimeWindowRepeated, ...] = ()
    fallback_pipeline: FallbackPipelineReference | None = None
