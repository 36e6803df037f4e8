"""The texts and inputs of a kind's form; each file of this folder exports those of its kinds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sensu.resources.kinds import Kind

HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class FormInput:
    """A field in a form.

    - `title`, `help`: its name for people, and a sentence about it.
    - `section`: the part of the form that it is in; fields of an object are in that of the object.
    - `widget`: the input, empty for the usual one of the field's type. `hidden` fields are not part of the form.
    - `of`: the word in URLs of the kind that it refers to.
    - `unit`: the unit of a number.
    - `choices`: the values that it can have.
    - `more`: whether it is rarely needed, and shown on request.
    - `example`: an example of a value.
    """

    title: str
    help: str = ""
    section: str = ""
    widget: str = ""
    of: str = ""
    unit: str = ""
    choices: Sequence[str] = ()
    more: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class KindForm:
    """The form of a kind: its sections and fields in order, by path (`pipelines[].name`; `*` stands for any key)."""

    kind: Kind
    sections: Sequence[str]
    fields: Mapping[str, FormInput]


NAME = FormInput("Name", "Letters, digits, and the characters _ . - :")
NAMESPACE = FormInput("Namespace", widget=HIDDEN)
CREATED_BY = FormInput("Created by", "The user who last wrote it.", widget=HIDDEN)
NOT_SHOWN = FormInput("", widget=HIDDEN)


def metadata(section: str, name: FormInput = NAME) -> dict[str, FormInput]:
    """The fields of the metadata; the name is in `section`."""
    return {
        "metadata": FormInput("Metadata", section=section, widget="group"),
        "metadata.name": name,
        "metadata.namespace": NAMESPACE,
        "metadata.labels": FormInput(
            "Labels", "Names and values, by which resources are found with selectors.", widget="labels", more=True
        ),
        "metadata.annotations": FormInput(
            "Annotations", "Names and values for people and other programs.", widget="labels", more=True
        ),
        "metadata.created_by": CREATED_BY,
    }


def references(title: str, help_text: str, of: str, section: str, *, more: bool = False) -> FormInput:
    """The names of resources of a kind."""
    return FormInput(title, help_text, section, widget="references", of=of, more=more)


def assets(section: str, *, more: bool = False) -> dict[str, FormInput]:
    """The runtime assets of a command."""
    text = "Archives of programs that are fetched before the command runs."
    return {"runtime_assets": references("Runtime assets", text, "assets", section, more=more)}


def environment(section: str) -> dict[str, FormInput]:
    """The environment of a command: variables, and secrets."""
    return {
        "env_vars": FormInput(
            "Environment variables", "Variables of the form NAME=VALUE.", section, more=True, example="REGION=eu-west"
        ),
        "secrets": FormInput(
            "Secrets",
            "Environment variables whose values come from secrets.",
            section,
            widget="secret-references",
            more=True,
        ),
        "secrets[].name": FormInput("Variable", "The name of the environment variable.", example="DATABASE_PASSWORD"),
        "secrets[].secret": FormInput("Secret", widget="reference", of="secrets"),
    }


def timeout(section: str, help_text: str = "Time after which the command is stopped; 0 for no limit.") -> FormInput:
    """The time limit of a command."""
    return FormInput("Timeout", help_text, section, widget="duration", unit="s")


def days(path: str, title: str, help_text: str, section: str) -> dict[str, FormInput]:
    """Time windows by weekday."""
    found = {path: FormInput(title, help_text, section, widget="days", more=True), f"{path}.days": FormInput("Days")}
    for day in ("all", "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"):
        found[f"{path}.days.{day}"] = FormInput("Every day" if day == "all" else day.capitalize())
        found[f"{path}.days.{day}[].begin"] = FormInput("From", "A time of day in UTC.", example="9:00AM")
        found[f"{path}.days.{day}[].end"] = FormInput("To", "A time of day in UTC.", example="5:00PM")
    return found
