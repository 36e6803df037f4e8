"""Integrations in a catalog: a repository that is checked out, or the static files of the Catalog API.

Source: docs, "Catalog API", "Catalog integrations reference".
"""

import json
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from sensu.client.catalog import INTEGRATIONS, CatalogFiles, CatalogUnavailable, open_catalog
from sensu.client.http_api import split_url
from sensu.errors import InvalidResource, SensuError
from sensu.files.values import values_of
from sensu.resources.catalog import Integration, IntegrationMeta
from sensu.resources.kinds import GLOBAL_CONFIG
from sensu.resources.wire import convert_client
from sensu.rules.catalog.definition import definition_of
from sensu.rules.catalog.versions import (
    SNAPSHOT,
    IntegrationName,
    is_part_of_a_name,
    is_version,
    newest,
    parse_name,
    version_order,
)
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.session import usable_ca_file

DEFAULT_URL = "https://catalog.sensu.io"
URL_VARIABLE = "SENSU_CATALOG_URL"
RELEASE = "version"
"""The name of the file, without `.json`, that names the current release."""
DEFINITION, RESOURCES, README = "sensu-integration.yaml", "sensu-resources.yaml", "README.md"
NOT_FOUND = (403, 404)
_THIS_HOST = ("localhost", "127.0.0.1", "::1")


class IntegrationCatalog(Protocol):
    """The integrations of a catalog; all methods raise CommandFailed."""

    def latest(self) -> list[Integration]:
        """Every integration in its newest version, in order of their names."""
        ...

    def versions(self, name: IntegrationName) -> list[str]:
        """The versions of an integration, the newest first; none if it does not exist."""
        ...

    def integration(self, name: IntegrationName) -> Integration:
        """The definition of an integration in a version."""
        ...

    def resources(self, name: IntegrationName) -> list[dict[str, Any]]:
        """The resources of an integration in a version, as documents."""
        ...

    def readme(self, name: IntegrationName) -> str:
        """The README of an integration in a version, empty if it has none."""
        ...


def catalog_of(context: Context) -> IntegrationCatalog:
    """The catalog that --catalog, the variable or the configuration of the web UI names, by default the public one."""
    source, release = _source(context)
    target = split_url(source)
    if target is not None and target.scheme == "http" and target.host not in _THIS_HOST:
        context.say(
            "warning: the catalog is read without TLS, so that others in the network can change what it installs"
        )
    configuration = context.configuration
    try:
        files = open_catalog(
            source,
            timeout_s=configuration.timeout_s,
            trusted_ca_file=usable_ca_file(configuration.trusted_ca_file, context.warn),
            environment=context.environment,
        )
        if files.read(f"{release}.json") is not None:
            return PublishedCatalog(files, release)
    except CatalogUnavailable as err:
        raise CommandFailed(str(err)) from err
    if files.folders(INTEGRATIONS):
        return CheckedOutCatalog(files)
    raise CommandFailed(f"{files.place} is not a catalog: it has neither {release}.json nor a folder {INTEGRATIONS}")


def _source(context: Context) -> tuple[str, str]:
    named = context.text("catalog") or context.environment.get(URL_VARIABLE, "")
    if named:
        return named, RELEASE
    settings = _settings(context)
    if settings.get("disabled"):
        raise CommandFailed("the catalog is disabled in the configuration of the web UI; name another with --catalog")
    return str(settings.get("url") or DEFAULT_URL), str(settings.get("release_version") or RELEASE)


def _settings(context: Context) -> dict[str, Any]:
    """The settings of the catalog in the configuration of the web UI, empty if there are none or nobody logged in."""
    configuration = context.configuration
    if not configuration.api_url or not (configuration.api_key or configuration.cluster.access_token):
        return {}
    try:
        found = context.session.get(resource_path(GLOBAL_CONFIG, ""))
    except APIError as err:
        if err.status in NOT_FOUND:
            return {}
        raise
    specs = [one.get("spec") or one for one in found or () if isinstance(one, dict)]
    return next((spec["catalog"] for spec in specs if isinstance(spec.get("catalog"), dict)), {})


def chosen(catalog: IntegrationCatalog, name: IntegrationName) -> IntegrationName:
    """The name with a version that exists, the newest if none is given; raises CommandFailed."""
    versions = catalog.versions(name)
    if not versions:
        raise CommandFailed(f"the catalog has no integration {name.full}: 'sensuctl catalog list' shows all")
    if name.version and name.version not in versions:
        raise CommandFailed(f"{name.full} has no version {name.version}; its versions: {', '.join(versions)}")
    return name._replace(version=name.version or versions[0])


class CheckedOutCatalog:
    """A repository of integrations, each in the version of its folder."""

    def __init__(self, files: CatalogFiles, folder: str = INTEGRATIONS) -> None:
        self.files, self.folder = files, folder

    def names(self) -> Iterator[IntegrationName]:
        """The integrations that have a folder."""
        for namespace in self.files.folders(self.folder):
            for name in self.files.folders(f"{self.folder}/{namespace}"):
                if is_part_of_a_name(namespace) and is_part_of_a_name(name):
                    yield IntegrationName(namespace, name, SNAPSHOT)

    def latest(self) -> list[Integration]:
        """Every integration."""
        return [self.integration(name) for name in self.names()]

    def versions(self, name: IntegrationName) -> list[str]:
        """The only version."""
        return [SNAPSHOT] if any(one.full == name.full for one in self.names()) else []

    def integration(self, name: IntegrationName) -> Integration:
        """The definition in `sensu-integration.yaml`, under the name of its folder."""
        return _named(self.definition(name), name)

    def definition(self, name: IntegrationName) -> Integration:
        """The definition in `sensu-integration.yaml` as it is."""
        place = self.path(name, DEFINITION)
        try:
            documents = [value for _, value in values_of(self.text(name, DEFINITION))]
            if len(documents) != 1:
                raise InvalidResource("the file must contain one document")
            return definition_of(documents[0])
        except InvalidResource as err:
            raise CommandFailed(f"in {place}: {err}") from err

    def resources(self, name: IntegrationName) -> list[dict[str, Any]]:
        """The resources in `sensu-resources.yaml`."""
        place = self.path(name, RESOURCES)
        try:
            return _objects([value for _, value in values_of(self.text(name, RESOURCES))])
        except InvalidResource as err:
            raise CommandFailed(f"in {place}: {err}") from err

    def readme(self, name: IntegrationName) -> str:
        """The README."""
        return self.text(name, README) if self.read(name, README) is not None else ""

    def path(self, name: IntegrationName, file: str) -> str:
        """The path of a file of an integration."""
        return f"{self.folder}/{name.full}/{file}"

    def read(self, name: IntegrationName, file: str) -> bytes | None:
        """A file of an integration, None if it does not exist."""
        return self.read_path(self.path(name, file))

    def read_path(self, path: str) -> bytes | None:
        """A file of the repository, None if it does not exist."""
        try:
            return self.files.read(path)
        except CatalogUnavailable as err:
            raise CommandFailed(str(err)) from err

    def text(self, name: IntegrationName, file: str) -> str:
        """The text of a file of an integration; raises CommandFailed if it does not exist."""
        return _decoded(self.read(name, file), f"{self.files.place}: {self.path(name, file)}")


class PublishedCatalog:
    """The static files of the Catalog API."""

    def __init__(self, files: CatalogFiles, release: str = RELEASE) -> None:
        self._files = files
        current = self._json(f"{release}.json")
        checksum = str(current.get("release_sha256") or "") if isinstance(current, dict) else ""
        if not checksum:
            raise CommandFailed(f"{files.place}/{release}.json names no release_sha256")
        self.release = f"{checksum}/v1"

    def latest(self) -> list[Integration]:
        """Every integration in its newest version; the list has their descriptions, or only their names."""
        content = self._json(f"{self.release}/catalog.json")
        listed = content.get("namespaced_integrations") if isinstance(content, dict) else None
        found: list[Integration] = []
        for namespace, entries in sorted((listed or {}).items()) if isinstance(listed, dict) else ():
            for entry in entries if isinstance(entries, list) else ():
                found += self._listed(str(namespace), entry)
        return sorted(found, key=lambda one: (one.metadata.namespace, one.metadata.name))

    def _listed(self, namespace: str, entry: Any) -> list[Integration]:
        name = entry if isinstance(entry, str) else ((entry or {}).get("metadata") or {}).get("name")
        if not (is_part_of_a_name(namespace) and is_part_of_a_name(str(name))):
            return []
        known = IntegrationName(namespace, str(name))
        content = self._json(f"{self.release}/{known.full}.json") if isinstance(entry, str) else entry
        found = self._converted(content, known)
        versions = content.get("versions") if isinstance(content, dict) else None
        version = found.version or newest(map(str, versions or ()))
        return [msgspec.structs.replace(found, version=version)]

    def versions(self, name: IntegrationName) -> list[str]:
        """The versions in `versions.json`, or those that the definition of the newest version lists."""
        content = self._optional_json(f"{self.release}/{name.full}/versions.json")
        if content is None:
            definition = self._optional_json(f"{self.release}/{name.full}.json")
            content = definition.get("versions") if isinstance(definition, dict) else None
        found = (
            [one for one in content if isinstance(one, str) and is_version(one)] if isinstance(content, list) else []
        )
        return sorted(set(found), key=version_order, reverse=True)

    def integration(self, name: IntegrationName) -> Integration:
        """The definition in `VERSION.json`."""
        return self._converted(self._json(f"{self.release}/{name.full}/{name.version}.json"), name)

    def resources(self, name: IntegrationName) -> list[dict[str, Any]]:
        """The resources in `sensu-resources.json`, a list or a single one."""
        content = self._json(f"{self.release}/{name.full}/{name.version}/sensu-resources.json")
        try:
            return _objects(content if isinstance(content, list) else [content])
        except InvalidResource as err:
            raise CommandFailed(f"{self._files.place}: the resources of {name}: {err}") from err

    def readme(self, name: IntegrationName) -> str:
        """The README."""
        path = f"{self.release}/{name.full}/{name.version}/{README}"
        content = self._read(path)
        return "" if content is None else _decoded(content, path)

    def _converted(self, content: Any, name: IntegrationName) -> Integration:
        try:
            return _named(convert_client(Integration, content), name)
        except InvalidResource as err:
            raise CommandFailed(f"{self._files.place}: the definition of {name}: {err}") from err

    def _read(self, path: str) -> bytes | None:
        try:
            return self._files.read(path)
        except CatalogUnavailable as err:
            raise CommandFailed(str(err)) from err

    def _json(self, path: str) -> Any:
        content = self._optional_json(path)
        if content is None:
            raise CommandFailed(f"{self._files.place} has no {path}")
        return content

    def _optional_json(self, path: str) -> Any:
        content = self._read(path)
        if content is None:
            return None
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as err:
            raise CommandFailed(f"{self._files.place}/{path} is not JSON") from err


def _named(integration: Integration, name: IntegrationName) -> Integration:
    """The definition under the name and version by which it was found."""
    metadata = IntegrationMeta(namespace=name.namespace, name=name.name)
    version = name.version or (integration.version if is_version(integration.version) else "")
    return msgspec.structs.replace(integration, metadata=metadata, version=version)


def _objects(values: list[Any]) -> list[dict[str, Any]]:
    if not all(isinstance(value, dict) for value in values):
        raise InvalidResource("a resource must be an object")
    return values


def _decoded(content: bytes | None, place: str) -> str:
    if content is None:
        raise CommandFailed(f"{place} does not exist")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise CommandFailed(f"{place} is not UTF-8 text") from err


def name_in(text: str) -> IntegrationName:
    """The integration that a word of the command line names; raises CommandFailed."""
    try:
        return parse_name(text)
    except SensuError as err:
        raise CommandFailed(str(err)) from err
