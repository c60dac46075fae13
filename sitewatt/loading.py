"""What both paths ask of Connexion: load the contract and resolve its handlers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connexion.resolver import Resolver

from sitewatt.contract import Contract
from sitewatt.contract.operations import server_path


def load(
    app: Any,
    contract: Contract,
    functions: Mapping[str, Callable[..., Awaitable[Any]]],
    **options: Any,
) -> None:
    """Give a Connexion application the contract, and a function an operation."""
    for base_path, specification in routable(contract.bundle):
        resolver = Resolver(functions.__getitem__)
        app.add_api(specification, base_path=base_path, resolver=resolver, **options)


def routable(bundle: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the bundle as Connexion can route it: a base path and a specification each.

    Connexion knows one server a document, so the paths are parted by theirs. It makes `/sites/abc`
    unknown where the path has an integer; as text it is left to us to say what is wrong with it.
    """
    bases = sorted({server_path(item, bundle) for item in bundle["paths"].values()})
    return [(base, _served_at(base, bundle)) for base in bases]


def _served_at(base: str, bundle: Mapping[str, Any]) -> dict[str, Any]:
    paths = {
        path: {key: value for key, value in item.items() if key != "servers"}
        for path, item in bundle["paths"].items()
        if server_path(item, bundle) == base
    }
    components = bundle["components"]
    parameters = {name: _untyped(p) for name, p in components["parameters"].items()}
    return {
        **bundle,
        "servers": [{"url": base or "/"}],
        "paths": paths,
        "components": {**components, "parameters": parameters},
    }


def _untyped(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**parameter, "schema": {"type": "string"}} if parameter["in"] == "path" else parameter
