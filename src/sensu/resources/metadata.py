"""The metadata of resources, and references between resources."""

from sensu.resources.wire import Wire, always, always_str


class ObjectMeta(Wire, frozen=True):
    """A resource's name, namespace, labels and annotations."""

    name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    created_by: str = ""


class ResourceReference(Wire, frozen=True):
    """A reference to another resource of the same namespace."""

    name: str = always_str()
    type: str = always_str()
    api_version: str = always_str()

    def __str__(self) -> str:
        """`core/v2.Pipeline(Name=incidents)`, the form of logs, metrics and tables."""
        return f"{self.api_version}.{self.type}(Name={self.name})"


def _pipeline_type() -> str:
    return "Pipeline"


def _core_v2() -> str:
    return "core/v2"


class PipelineReference(Wire, frozen=True):
    """A check's reference to a pipeline; the name is sufficient.

    Source: recorded scenario checks-lifecycle (the response contains type and api_version).
    """

    name: str = always_str()
    type: str = always(_pipeline_type)
    api_version: str = always(_core_v2)


def _fallback_pipeline_type() -> str:
    return "FallbackPipeline"


def _fallback_pipeline_v1() -> str:
    return "fallback_pipeline/v1"


class FallbackPipelineReference(Wire, frozen=True):
    """A check's reference to a fallback pipeline; the name is sufficient."""

    name: str = always_str()
    type: str = always(_fallback_pipeline_type)
    api_version: str = always(_fallback_pipeline_v1)


class SecretReference(Wire, frozen=True):
    """An environment variable of a command, and the secret with its value."""

    name: str = ""
    secret: str = ""
