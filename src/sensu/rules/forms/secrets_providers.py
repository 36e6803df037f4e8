"""The forms of secrets providers."""

from sensu.resources.kinds import FILE_PROVIDER
from sensu.rules.forms.inputs import FormInput, KindForm, metadata

WHERE, MORE = "Where the values are", "More"

FILE_FORM = KindForm(
    FILE_PROVIDER,
    (WHERE, MORE),
    {
        **metadata(WHERE),
        "directory": FormInput(
            "Directory",
            "A directory on each backend's host that its option secrets-directories allows; empty for the credentials "
            "that systemd gives to the backend.",
            WHERE,
            example="/run/secrets/sensu",
        ),
    },
)
