"""What a row of the table of kinds has; the rows are in `resources/kinds.py`."""

import re
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensu.resources.wire import Wire

    Shape = type[Wire]

CORE_V2 = "core/v2"

ROOM = "sensu.resources."
_OPEN = ("core/", "sensu/")
"""API groups of Sensu Go's open source edition, and ours."""
FULL = ("GET", "POST", "PUT", "PATCH", "DELETE")
REPLACE = ("GET", "PUT", "DELETE")
NONE: tuple[str, ...] = ()
"""The methods that `api/resources.py` serves for a kind; with `NONE`, it has its own endpoints, or none."""

METADATA = "metadata"


class Kind:
    """A row of the table.

    - `type`, `api_version`: the names of the kind in files and references.
    - `segment`: its word in URLs and in the rules of roles. Kinds of different API groups may share one.
    - `namespaced`: whether its resources belong to a namespace.
    - `serves`: the methods of the generic endpoints, one of the constants above.
    - `wrapped`: whether the API takes, stores and shows its resources in an envelope (`resources/envelope.py`).
    - `dump_order`: its place in `sensuctl dump all`, so that a resource follows those it needs; 0 if it is not stored.
    - `remark`: why `all` leaves out a kind that is not stored.
    - `named_by`: the field that holds the name of a resource: `metadata`, another one, or none if there is only one.
    - `word`: the word for a resource in messages. `noun`: its noun in sensuctl, empty if it has none.
    - `short_name`: the name that commands such as `dump` and `edit` accept instead of API version and type.
    - `store_prefix`: its word in Sensu Go's store keys, which messages contain.
    - `common`: whether the built-in roles `admin`, `edit` and `view` cover it.
    - `node`: its word in the ids of GraphQL nodes, empty if it is no node.
    - `delete_order`: kinds with a higher number are deleted later, namespaces after their contents.
    - `read_by_all`: whether every user may list and get its resources, whatever its roles.
    - `authorless`: whether resources may have no author, because they are built in or reported by agents.
    - `built_in`: the names of resources that every namespace has, and that cannot be changed.
    - `single`: whether there is one resource at most, at the path of the kind, without a name.
    - `part_of`: the kind that it is a type of: a kind with several types has no struct of its own, and its resources,
      which share URLs, names and places in the store, are of one of these types.
    """

    __slots__ = (
        "_shape",
        "_types",
        "api_version",
        "authorless",
        "built_in",
        "common",
        "delete_order",
        "dump_order",
        "named_by",
        "namespaced",
        "node",
        "noun",
        "part_of",
        "qualified_name",
        "read_by_all",
        "remark",
        "segment",
        "serves",
        "shape_path",
        "short_name",
        "single",
        "store_prefix",
        "type",
        "word",
        "wrapped",
    )

    def __init__(
        self,
        type_name: str,
        segment: str,
        shape: str = "",
        *,
        api_version: str = CORE_V2,
        namespaced: bool = True,
        serves: tuple[str, ...] = NONE,
        wrapped: bool = False,
        dump_order: int = 0,
        remark: str = "",
        named_by: str = METADATA,
        word: str = "",
        noun: str | None = None,
        short_name: str | None = None,
        store_prefix: str = "",
        common: bool = False,
        node: str = "",
        delete_order: int = 0,
        authorless: bool = False,
        read_by_all: bool = False,
        built_in: tuple[str, ...] = (),
        single: bool = False,
        part_of: "Kind | None" = None,
    ) -> None:
        self.type, self.api_version, self.segment = type_name, api_version, segment
        self.qualified_name = f"{api_version}.{type_name}"
        self.namespaced, self.serves, self.wrapped = namespaced, serves, wrapped
        self.dump_order, self.remark, self.named_by = dump_order, remark, named_by
        self.word = word or _words_of(type_name)
        self.noun = self.word.replace(" ", "-") if noun is None else noun
        self.short_name = segment if short_name is None else short_name
        self.store_prefix = store_prefix or segment
        self.common, self.node = common, node
        self.delete_order, self.authorless = delete_order, authorless
        self.read_by_all, self.built_in, self.single, self.part_of = read_by_all, built_in, single, part_of
        types: tuple[Kind, ...] = ()
        self.shape_path, self._shape, self._types = shape, None, types
        if part_of is not None:
            part_of._types = (*part_of._types, self)

    def __repr__(self) -> str:
        return f"Kind({self.qualified_name})"

    @property
    def shape(self) -> "Shape":
        """The struct of the kind."""
        found: Shape | None = self._shape
        if found is None:
            module, _, name = self.shape_path.partition(":")
            found = self._shape = getattr(import_module(ROOM + module), name)
        return found

    @property
    def stored_as(self) -> str:
        """The name of the kind in the store's keys."""
        return self.qualified_name if self.part_of is None else self.part_of.qualified_name

    @property
    def types(self) -> "tuple[Kind, ...]":
        """The types of a kind that has several, none for others."""
        found: tuple[Kind, ...] = self._types
        return found

    @property
    def has_metadata(self) -> bool:
        """Whether its resources have metadata."""
        return self.named_by == METADATA

    @property
    def plural(self) -> str:
        """The plural of `word`: `checks`, `entities`."""
        if self.word.endswith("ty"):
            return f"{self.word[:-1]}ies"
        return f"{self.word}es" if self.word.endswith("ch") else f"{self.word}s"

    @property
    def snake_type(self) -> str:
        """`check_config` for `CheckConfig`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.type).lower()

    def path(self, namespace: str, name: str = "") -> str:
        """The URL path of a resource, or of the list if no name is given; not percent-encoded."""
        scope = f"namespaces/{namespace}/" if self.namespaced and namespace else ""
        tail = f"/{name}" if name else ""
        return f"{root_of(self.api_version)}/{scope}{self.segment}{tail}"


def _words_of(type_name: str) -> str:
    """`cluster role` for `ClusterRole`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type_name).lstrip()


def is_open(api_version: str) -> bool:
    """Whether the reference's open edition, or only this product, has the API group."""
    return api_version.startswith(_OPEN)


def root_of(api_version: str) -> str:
    """The beginning of the URLs of an API group; those of Sensu Go's commercial edition are below `enterprise`."""
    return f"/api/{api_version}" if is_open(api_version) else f"/api/enterprise/{api_version}"
