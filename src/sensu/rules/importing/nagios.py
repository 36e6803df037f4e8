"""Hosts, services and contacts of Nagios and Icinga 1 as proxy entities, checks and handlers.

A service is one check, which runs for all entities with its label. Commands of plugins that `sensu-check` can replace
are replaced.
Source: Nagios Core documentation, "Object definitions" and "Standard macros".
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sensu.resources.kinds import ENTITY, HANDLER
from sensu.rules.importing import service_urls
from sensu.rules.importing.check_draft import CheckDraft, Untakeable, pushed_instead
from sensu.rules.importing.command_words import shell_command
from sensu.rules.importing.imported import (
    PROXY_PASSES,
    SOURCE_ANNOTATION,
    Imported,
    ImportedResource,
    Review,
    literal,
    name_from,
)
from sensu.rules.importing.nagios_objects import HostGroups, NagiosObjects, NamedObject, words_of
from sensu.rules.importing.nagios_plugins import ON_THE_HOST, as_sensu_check
from sensu.rules.importing.untyped import interval_of, number

SOURCE = "Nagios"
CHECK_INTERVAL, ATTEMPTS = 5.0, 1
TIMEOUT_S = 60
"""The time limit of a service check, by default (`service_check_timeout`)."""
SPLAY_PERCENT = 90
MAIL_SERVER, MAIL_SENDER = "localhost", "nagios@localhost"
_MACRO = re.compile(r"\$([A-Z_][A-Z0-9_:]*)\$")
_ARGUMENT = re.compile(r"(?<!\\)!")
_SAFE_ADDRESS = re.compile(r"[A-Za-z0-9_.:%-]+")
_HOST_MACROS = {
    "HOSTADDRESS": "{{ .annotations.address }}",
    "HOSTNAME": "{{ .name }}",
    "HOSTALIAS": "{{ .annotations.alias }}",
    "HOSTDISPLAYNAME": "{{ .annotations.alias }}",
}
_NOT_TAKEN = {
    "hostdependency": "use `subdues`, or a service component",
    "servicedependency": "use `subdues`, or a service component",
    "hostescalation": "use a handler with `repeat`, or a pipeline",
    "serviceescalation": "use a handler with `repeat`, or a pipeline",
    "hostextinfo": "entities have no such settings",
    "serviceextinfo": "checks have no such settings",
}


def imported_from(objects: NagiosObjects, subscription: str) -> Imported:
    """The resources for the definitions in files."""
    imported = Imported(SOURCE, subscription)
    for problem in objects.problems:
        imported.leave_out("a definition", problem)
    _Import(imported, objects).run()
    return imported


class _Import:
    """One run: the hosts, the commands and the handlers that were made for contacts."""

    def __init__(self, imported: Imported, objects: NagiosObjects) -> None:
        self.imported, self.objects = imported, objects
        self.hosts = {one["host_name"]: one for one in objects.of_type("host") if one.get("host_name")}
        self.groups = HostGroups([*self.hosts.values()], objects.of_type("hostgroup"))
        self.commands = {one.get("command_name", ""): one.get("command_line", "") for one in objects.of_type("command")}
        self.contacts = {one.get("contact_name", ""): one for one in objects.of_type("contact")}
        self.contact_groups = {one.get("contactgroup_name", ""): one for one in objects.of_type("contactgroup")}
        self.service_groups = objects.of_type("servicegroup")
        self.labels: dict[str, dict[str, str]] = {name: {} for name in self.hosts}
        self.used_labels: set[str] = set()
        self.handlers: dict[str, str] = {}

    def run(self) -> None:
        """Add everything."""
        for service in self.objects.of_type("service"):
            self._add_service(service)
        self._add_host_checks()
        for name, host in self.hosts.items():
            self._add_host(name, host)
        for kind, why in _NOT_TAKEN.items():
            count = len(self.objects.of_type(kind))
            if count:
                self.imported.leave_out(f"definitions of the type {kind} ({count})", why)

    def _add_host(self, name: str, host: NamedObject) -> None:
        labels = {f"hostgroup-{name_from(group)}": "true" for group in self.groups.groups_of(name)}
        annotations = {
            "address": _address_of(name, host),
            "alias": host.get("alias") or host.get("display_name") or name,
            **{_custom(field): value for field, value in host.items() if field.startswith("_")},
            SOURCE_ANNOTATION: f"{SOURCE}: {name}",
        }
        reviews = [] if host.get("address") else [Review("the host had no address: its name is used")]
        if host.get("parents"):
            reviews.append(Review(f"the host had parents, which are not taken: {host['parents']}"))
        entity = self.imported.name(ENTITY, name)
        spec = {"entity_class": "proxy"}
        all_labels = {**labels, **self.labels[name]}
        self.imported.add(ImportedResource(ENTITY, entity, spec, all_labels, annotations, tuple(reviews)))

    def _add_host_checks(self) -> None:
        """Add one check for all hosts with the same check command and the same times."""
        alike: dict[tuple[str, ...], list[str]] = {}
        fields = ("check_command", "check_interval", "max_check_attempts", "contacts", "contact_groups")
        for name, host in self.hosts.items():
            key = tuple(host.get(field, "") for field in fields)
            if host.get("check_command") and host.get("active_checks_enabled", "1") != "0":
                alike.setdefault(key, []).append(name)
        for key, names in alike.items():
            title = f"host {key[0].partition('!')[0]}"
            self._add(title, self.hosts[names[0]], names)

    def _add_service(self, service: NamedObject) -> None:
        title = service.get("service_description") or "service"
        names = self.groups.chosen(
            service.get("host_name", ""), service.get("hostgroup_name", "") or service.get("hostgroup", "")
        )
        if not names:
            self.imported.leave_out(f'service "{title}"', "none of the hosts that it names is defined")
        elif service.get("active_checks_enabled", "1") == "0":
            limit = service.get("freshness_threshold", "")
            why = pushed_instead(title, int(limit) if limit.isdecimal() and int(limit) else 3600)
            self.imported.leave_out(f'passive service "{title}"', why)
        else:
            self._add(title, service, names)

    def _add(self, title: str, one: NamedObject, names: Sequence[str]) -> None:
        draft = CheckDraft(self.imported, title)
        try:
            command = self._command(draft, one)
        except Untakeable as why:
            self.imported.leave_out(f'service "{title}"', str(why))
            return
        label = f"nagios-{name_from(title)}"
        others = 1
        while label in self.used_labels:
            others += 1
            label = f"nagios-{name_from(title)}-{others}"
        self.used_labels.add(label)
        for name in names:
            self.labels[name][label] = "true"
        for field in ("event_handler", "check_period", "notification_period"):
            if one.get(field, "24x7") != "24x7":
                draft.review(f"{field} {one[field]} is not taken", "interval")
        interval = number(one.get("check_interval") or one.get("normal_check_interval")) or CHECK_INTERVAL
        host = self.hosts[names[0]]
        spec: dict[str, Any] = {
            "command": command,
            "interval": interval_of(interval * self.objects.interval_length_s),
            "timeout": TIMEOUT_S,
            "handlers": self._handlers_of(one, host),
            "round_robin": True,
            "proxy_requests": {
                "entity_attributes": [
                    "entity.entity_class == 'proxy'",
                    f"entity.labels && entity.labels['{label}'] == 'true'",
                ],
                "splay": True,
                "splay_coverage": SPLAY_PERCENT,
            },
        }
        if draft.secrets:
            spec["secrets"] = draft.secrets
        attempts = math.ceil(number(one.get("max_check_attempts")) or ATTEMPTS)
        labels = {f"servicegroup-{name_from(group)}": "true" for group in self._service_groups_of(title, one)}
        notes = {"runbook_url": one["notes_url"]} if one.get("notes_url", "").startswith("http") else {}
        self.imported.add_check(
            title, spec, entity="", attempts=attempts, labels=labels, annotations=notes, reviews=draft.reviews
        )

    def _service_groups_of(self, title: str, service: NamedObject) -> list[str]:
        named = words_of(service.get("servicegroups", ""))
        for group in self.service_groups:
            if title in words_of(group.get("members", ""))[1::2]:
                named.append(group.get("servicegroup_name", ""))
        return [name for name in dict.fromkeys(named) if name]

    def _command(self, draft: CheckDraft, one: NamedObject) -> str:
        """The command of a check; raises Untakeable."""
        name, *arguments = _ARGUMENT.split(one.get("check_command", ""))
        line = self.commands.get(name.strip())
        if not line:
            raise Untakeable(f'its command "{name}" is not defined')
        marks: dict[str, str] = {}
        line = self._expanded(draft, line, [part.replace("\\!", "!") for part in arguments], one, marks)
        words = as_sensu_check(line)
        if words is None:
            draft.review("the program must be installed on the hosts of the agents")
            command = literal(line, PROXY_PASSES)
        else:
            if words[0] in ON_THE_HOST:
                draft.review("this looks at the host of the agent that runs it: run it there", "subscriptions")
            command = shell_command("sensu-check", *words, passes=PROXY_PASSES)
        for mark, value in marks.items():
            command = command.replace(mark, value)
        return command

    def _expanded(
        self, draft: CheckDraft, line: str, arguments: Sequence[str], one: NamedObject, marks: dict[str, str]
    ) -> str:
        """A command line with its macros; what becomes a token or a variable is a mark until the end."""

        def mark(value: str) -> str:
            known = next((name for name, of in marks.items() if of == value), "")
            name = known or f"@macro{len(marks)}@"
            marks[name] = value
            return name

        def expand(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("ARG") and name[3:].isdecimal():
                index = int(name[3:]) - 1
                return _MACRO.sub(expand, arguments[index]) if index < len(arguments) else ""
            if name in _HOST_MACROS:
                return mark(_HOST_MACROS[name])
            if name.startswith("_HOST"):
                return mark(f"{{{{ .annotations.{_custom(name[5:])} }}}}")
            if name.startswith("_SERVICE"):
                return one.get(f"_{name[8:]}", "")
            if name == "SERVICEDESC":
                return one.get("service_description", "")
            value = self.objects.macros.get(found[0])
            if value is not None:
                return value if value.startswith("/") else mark(f"${{{draft.variable(name, value)}}}")
            draft.review(f"the macro {found[0]} has no counterpart")
            return found[0]

        return _MACRO.sub(expand, line).replace("$$", "$")

    def _handlers_of(self, one: NamedObject, host: NamedObject) -> list[str]:
        """The handlers for the contacts of a service, or else of its host."""
        source = one if one.get("contacts") or one.get("contact_groups") else host
        names = words_of(source.get("contacts", ""))
        for group in words_of(source.get("contact_groups", "")):
            names += self._members(group)
        return [handler for name in dict.fromkeys(names) if (handler := self._handler(name))]

    def _members(self, group: str, depth: int = 0) -> Iterable[str]:
        one = self.contact_groups.get(group, {})
        found = words_of(one.get("members", ""))
        found += [
            name for name, contact in self.contacts.items() if group in words_of(contact.get("contactgroups", ""))
        ]
        if depth < len(self.contact_groups):
            for inner in words_of(one.get("contactgroup_members", "")):
                found += self._members(inner, depth + 1)
        return found

    def _handler(self, name: str) -> str:
        """The handler for a contact, made when it is first used; empty if the contact has no e-mail address."""
        if name not in self.handlers:
            email = self.contacts.get(name, {}).get("email", "")
            url = service_urls.mail(MAIL_SERVER, 0, sender=MAIL_SENDER, to=[email] if email else [], mode="insecure")
            if url is None:
                self.imported.leave_out(f'contact "{name}"', "it has no email")
                self.handlers[name] = ""
            else:
                self.handlers[name] = self.imported.name(HANDLER, name)
                review = Review("set the mail server and the sender", "notify")
                self.imported.add_handler(self.handlers[name], [url], [], reviews=(review,))
        return self.handlers[name]


def _address_of(name: str, host: Mapping[str, str]) -> str:
    address = host.get("address") or name
    return address if _SAFE_ADDRESS.fullmatch(address) else name_from(address)


def _custom(name: str) -> str:
    """The annotation for a variable such as `_SNMP_COMMUNITY` of a host."""
    return re.sub(r"[^a-z0-9_]", "_", name.lstrip("_").lower())
