"""Integrations of the catalog: templates of resources with questions about their values.

Source: docs, "Catalog integrations reference".
"""

from typing import Any

from sensu.resources.wire import Wire, always, always_list, always_str

API_VERSION, TYPE = "catalog/v1", "Integration"


class ConstText(Wire, frozen=True):
    """How a constant is shown in a choice."""

    title: str = ""
    description: str = ""


class PromptInput(
    Wire,
    frozen=True,
    rename={
        "one_of": "oneOf",
        "ref_filter": "refFilter",
        "const_text": "constLocale",
        "additional_properties": "additionalProperties",
    },
):
    """The shape of an answer, as a part of JSON Schema; `ref` names resources whose fields are suggested.

    `required` lists the properties of an object that must be given; some integrations write `true` there for a question
    that must be answered.
    """

    type: str = ""
    title: str = ""
    description: str = ""
    format: str = ""
    default: Any = None
    enum: tuple[Any, ...] | None = None
    ref: str = ""
    ref_filter: str = ""
    items: "PromptInput | None" = None
    properties: "dict[str, PromptInput] | None" = None
    one_of: "tuple[PromptInput, ...] | None" = None
    required: Any = None
    additional_properties: Any = None
    const: Any = None
    const_text: ConstText | None = None


class Prompt(Wire, frozen=True):
    """A step of the dialog: a `section` with a title, a `markdown` text, or a `question`."""

    type: str = ""
    name: str = ""
    required: bool = False
    title: str = ""
    body: str = ""
    input: PromptInput | None = None


class PatchOperation(Wire, frozen=True):
    """One operation of JSON Patch; texts in `value` may contain `[[variables]]`."""

    path: str = ""
    op: str = ""
    value: Any = None


class PatchTarget(Wire, frozen=True):
    """The resource of the integration that is patched."""

    api_version: str = ""
    type: str = ""
    name: str = ""


class ResourcePatch(Wire, frozen=True):
    """The operations on one resource, in order."""

    resource: PatchTarget = always(PatchTarget)
    patches: tuple[PatchOperation, ...] = ()


class IntegrationMeta(Wire, frozen=True):
    """The name of an integration, and the namespace of the catalog that it belongs to."""

    namespace: str = always_str()
    name: str = always_str()


class Integration(Wire, frozen=True, rename={"integration_class": "class"}):
    """An integration in one version."""

    metadata: IntegrationMeta = always(IntegrationMeta)
    display_name: str = always_str()
    integration_class: str = always_str()
    contributors: tuple[str, ...] = always_list()
    provider: str = always_str()
    short_description: str = always_str()
    supported_platforms: tuple[str, ...] = always_list()
    tags: tuple[str, ...] = always_list()
    prompts: tuple[Prompt, ...] = ()
    resource_patches: tuple[ResourcePatch, ...] = ()
    post_install: tuple[Prompt, ...] = ()
    version: str = ""
