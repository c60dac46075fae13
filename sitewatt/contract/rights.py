"""Rights: what an operation asks of a key, and what is left of a request for one bound to sites.

    security                       the scopes that the key must have
    x-names-site                   a parameter, or a member in the body, that is a site
    x-bound-keys                   of an operation about no site: `refused`, or `filtered`
    x-first-key: {member, value}   what the first key of all must have

A site that the key may not see is answered as one that is not there. So is one that is not there at
all, and in the same way, so that not even the time it takes tells them apart.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from sitewatt.contract.parameters import argument_name
from sitewatt.contract.schema import ContractError
from storage import UnknownSite, UnknownSites

_REFUSED, _FILTERED = "refused", "filtered"


class NeedsAllSites(Exception):
    """The key is bound to sites, and the operation is about none of them."""


class FirstKeyLacks(Exception):
    """There is no key yet, and the one to be made lacks the value in the member of the body."""

    def __init__(self, member: str, value: str) -> None:
        super().__init__(member, value)
        self.member = member
        self.value = value


class Caller(Protocol):
    """On whose behalf a request is made."""

    @property
    def key_id(self) -> str | None:
        """The id of the key, None for a request that needs none."""
        ...

    @property
    def sites(self) -> Collection[int] | None:
        """The sites that the key is bound to, None for all."""
        ...


class Rights:
    """What one operation asks of a key."""

    def __init__(self, declared: Mapping[str, Any], body: Mapping[str, Any] | None) -> None:
        self.scopes = scopes_of(declared["security"])
        self._bound: str | None = declared.get("x-bound-keys")
        self._first: Mapping[str, str] | None = declared.get("x-first-key")
        self._parameters = [
            argument_name(p["name"]) for p in declared["parameters"] if p.get("x-names-site")
        ]
        self._members = [*_named_in(body or {})]
        about_sites = bool(self._parameters or self._members)
        if about_sites == (self._bound in (_REFUSED, _FILTERED)) and self.scopes is not None:
            name = declared["operationId"]
            raise ContractError(f"{name} says either which site it is about, or x-bound-keys")

    @property
    def arguments(self) -> list[str]:
        """The names of what a handler gets to know of the key."""
        filtered = ["own_sites"] if self._bound == _FILTERED else []
        return [*filtered, *(["without_key"] if self._first else [])]

    def admit(self, caller: Caller) -> None:
        """Promise that the operation is for such a key; raises NeedsAllSites."""
        if caller.sites is not None and self._bound == _REFUSED:
            raise NeedsAllSites

    def narrow(self, caller: Caller, arguments: dict[str, Any]) -> None:
        """Hand on what the handler gets to know of the key; raises for what the key may not.

        That is UnknownSite, UnknownSites or FirstKeyLacks.
        """
        if self._bound == _FILTERED:
            arguments["own_sites"] = caller.sites
        if self._first is not None:
            arguments["without_key"] = caller.key_id is None
            self._look_at_first(caller, arguments["body"])
        if caller.sites is not None:
            self._look_at_sites(caller.sites, arguments)

    def _look_at_first(self, caller: Caller, body: Mapping[str, Any]) -> None:
        member, value = (self._first or {})["member"], (self._first or {})["value"]
        if caller.key_id is None and value not in body[member]:
            raise FirstKeyLacks(member, value)

    def _look_at_sites(self, own: Collection[int], arguments: Mapping[str, Any]) -> None:
        for name in self._parameters:
            if arguments[name] not in own:
                raise UnknownSite(arguments[name])
        named = {site for path in self._members for site in _all_at(arguments["body"], path)}
        if foreign := named.difference(own):
            raise UnknownSites(foreign)


def scopes_of(security: Sequence[Mapping[str, list[str]]]) -> tuple[str, ...] | None:
    """Return the scopes that an operation needs, whichever way the key comes; None for public."""
    if not security:
        return None
    ways = [tuple(sorted(scopes)) for way in security for scopes in way.values()]
    if len(set(ways)) != 1:
        raise ContractError(f"an operation needs the same scopes whatever the key's way: {ways}")
    return ways[0]


def _named_in(schema: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where in a body sites are named: members of it, or of the objects in its arrays."""
    if "x-names-site" in schema:
        yield (*path, schema["x-names-site"])
    for name, member in schema.get("properties", {}).items():
        yield from _named_in(member.get("items", member), (*path, name))


def _all_at(value: Any, path: Sequence[str]) -> Iterator[int]:
    """Yield what stands at the path in a body that keeps its schema, through arrays and all."""
    if isinstance(value, list):
        for entry in value:
            yield from _all_at(entry, path)
    elif path:
        yield from _all_at(value[path[0]], path[1:]) if path[0] in value else ()
    else:
        yield value
