"""The forms of all kinds that people edit."""

from collections.abc import Mapping

from sensu.resources.kinds import Kind
from sensu.rules.forms import check, handling, hosts, people, secrets_providers, services, streams
from sensu.rules.forms.inputs import KindForm

FORMS: Mapping[Kind, KindForm] = {
    form.kind: form
    for form in (
        check.FORM,
        handling.HANDLER_FORM,
        handling.FILTER_FORM,
        handling.MUTATOR_FORM,
        handling.PIPELINE_FORM,
        handling.FALLBACK_PIPELINE_FORM,
        streams.TCP_STREAM_FORM,
        streams.SUMO_LOGIC_FORM,
        hosts.ENTITY_FORM,
        hosts.HOOK_FORM,
        hosts.ASSET_FORM,
        hosts.SILENCE_FORM,
        people.NAMESPACE_FORM,
        people.USER_FORM,
        *people.ROLE_FORMS,
        *people.BINDING_FORMS,
        people.SECRET_FORM,
        services.COMPONENT_FORM,
        services.TEMPLATE_FORM,
        secrets_providers.FILE_FORM,
        secrets_providers.VAULT_FORM,
        secrets_providers.CYBERARK_FORM,
        secrets_providers.AWS_FORM,
    )
}


def form_of(word: str) -> KindForm | None:
    """The form that is called by this word, or None."""
    return next((form for form in FORMS.values() if word_of(form.kind) == word), None)


def word_of(kind: Kind) -> str:
    """The word that a form is called by: that of its kind in URLs, or the type of a kind that has several."""
    return kind.segment if kind.part_of is None else kind.type
