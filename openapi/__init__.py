"""The contract: one OpenAPI 3.0.3 document, written as one file a component.

A folder is a kind of component and a file's stem is its name, so `schemas/Site.yaml` is
`#/components/schemas/Site` of the bundle. `paths/` holds path items, which have no kind.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

Json = dict[str, Any] | list[Any] | str | float | bool | None
Components = dict[str, dict[str, Any]]

_ROOT = Path(__file__).parent
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Loader(_SafeLoader):  # type: ignore[misc]
    """YAML 1.2's view of stamps and dates: they are strings, as JSON would have them."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
        for first, rules in _SafeLoader.yaml_implicit_resolvers.items()
    }


def as_yaml(document: Mapping[str, Any]) -> str:
    """The document in YAML, its members in their order."""
    return yaml.dump(dict(document), Dumper=_SafeDumper, sort_keys=False, allow_unicode=True)


def bundle() -> dict[str, Any]:
    """One document with every component in it, equal as JSON to what `redocly bundle` makes.

    The files are read once in a process; every call gives a document of the caller's own.
    """
    document: dict[str, Any] = json.loads(_bundled(_ROOT))
    return document


@cache
def _bundled(root: Path) -> str:
    """The document as JSON, of which a copy is made in a fraction of the time."""
    components: Components = {}
    document: dict[str, Any] = _read(root / "openapi.yaml", components)
    document["components"] = {
        kind: dict(sorted(named.items())) for kind, named in sorted(components.items())
    }
    return json.dumps(document)


def _read(file: Path, components: Components) -> Any:
    """The content of a file, its references to other files made local."""
    return _localise(_Loader(file.read_bytes()).get_single_data(), file, components)


def _localise(node: Json, file: Path, components: Components) -> Any:
    match node:
        case {"$ref": ref}:
            return _refer((file.parent / ref).resolve(), components)
        case dict():
            return {name: _localise(member, file, components) for name, member in node.items()}
        case list():
            return [_localise(item, file, components) for item in node]
        case _:
            return node


def _refer(file: Path, components: Components) -> Any:
    """A local reference to the component that a file is, or the path item itself."""
    kind, name = file.parent.name, file.stem
    if kind == "paths":
        return _read(file, components)
    named = components.setdefault(kind, {})
    if name not in named:
        named[name] = None  # for a schema that refers to itself
        named[name] = _read(file, components)
    return {"$ref": f"#/components/{kind}/{name}"}
