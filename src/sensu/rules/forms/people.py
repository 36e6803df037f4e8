"""The forms of namespaces, users, roles, bindings and secrets."""

from sensu.resources.kinds import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    NAMESPACE,
    ROLE,
    ROLE_BINDING,
    SECRET,
    USER,
    Kind,
)
from sensu.resources.secret_providers import ENV
from sensu.rules.forms.inputs import NAME, FormInput, KindForm, metadata
from sensu.rules.kinds.role import VERBS
from sensu.rules.kinds.user import PASSWORD_LENGTH_MIN

WHO, HISTORY, MORE = "Who", "History", "More"

NAMESPACE_FORM = KindForm(
    NAMESPACE,
    (WHO, HISTORY),
    {
        "name": FormInput(NAME.title, NAME.help, WHO),
        "history_retention": FormInput(
            "Keep results for",
            "How long the results of events are kept; 0 for the backend's own limit.",
            HISTORY,
            widget="duration",
            unit="s",
        ),
        "history_bytes_max": FormInput(
            "Maximum size", "The size of the kept results; 0 for the backend's own limit.", HISTORY, unit="B"
        ),
    },
)
USER_FORM = KindForm(
    USER,
    (WHO,),
    {
        "username": FormInput("Name", "Lower-case letters, digits, and the characters _ . -", WHO),
        "password": FormInput(
            "Password", f"At least {PASSWORD_LENGTH_MIN} characters. It is not shown again.", WHO, widget="password"
        ),
        "password_hash": FormInput("Password hash", widget="hidden"),
        "groups": FormInput("Groups", "Bindings grant roles to groups.", WHO),
        "disabled": FormInput("Disabled", "The user cannot log in.", WHO),
    },
)


def _role(kind: Kind) -> KindForm:
    return KindForm(
        kind,
        (WHO, MORE),
        {
            **metadata(WHO),
            "rules": FormInput("Rules", "What the role allows; one matching rule is enough.", WHO, widget="rules"),
            "rules[].verbs": FormInput("Verbs", choices=tuple(sorted(VERBS))),
            "rules[].resources": FormInput("Resources", "Types of resources, * for all.", example="checks"),
            "rules[].resource_names": FormInput("Names", "Only resources with these names; all if empty."),
        },
    )


def _binding(kind: Kind, role_types: tuple[str, ...]) -> KindForm:
    return KindForm(
        kind,
        (WHO, MORE),
        {
            **metadata(WHO),
            "role_ref": FormInput("Role", section=WHO, widget="group"),
            "role_ref.type": FormInput("Type", choices=role_types),
            "role_ref.name": FormInput("Role"),
            "subjects": FormInput("Subjects", "The users and groups that get the role.", WHO),
            "subjects[].type": FormInput("Type", choices=("User", "Group")),
            "subjects[].name": FormInput("Name"),
        },
    )


ROLE_FORMS = (_role(ROLE), _role(CLUSTER_ROLE))
BINDING_FORMS = (_binding(ROLE_BINDING, ("Role", "ClusterRole")), _binding(CLUSTER_ROLE_BINDING, ("ClusterRole",)))
SECRET_FORM = KindForm(
    SECRET,
    (WHO, MORE),
    {
        **metadata(WHO),
        "provider": FormInput(
            "Provider",
            f"The secrets provider that has the value; {ENV} is the environment of the backend.",
            WHO,
            widget="reference",
            of="providers",
        ),
        "id": FormInput(
            "Id",
            "The name of the value there, such as a variable for env or secret/database#password for Vault.",
            WHO,
            example="DATABASE_PASSWORD",
        ),
    },
)
