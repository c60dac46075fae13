"""Who asks, what for, and what the contract says of that: the rows and columns of the matrix."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from api_service import BUNDLE, CONTRACT, KEY

from storage import Key, Store, key_digest, mint_key

SCOPES = ("admin", "read", "write_live", "write_sites")
METHODS = ("get", "put", "post", "delete", "patch")
PAST = 1_600_000_000


@dataclass(frozen=True)
class Who:
    """An identity: its key's rights, the state of the key, and sites, of which some are its own."""

    name: str
    number: int
    scopes: frozenset[str] = frozenset(SCOPES)
    bound: bool = False
    state: str = "valid"

    @property
    def own(self) -> int:
        return 100 + 10 * self.number

    @property
    def foreign(self) -> int:
        return self.own + 1

    @property
    def another(self) -> int:
        """A second site of its own; the foreign one is between the two."""
        return self.own + 2

    @property
    def sites(self) -> frozenset[int] | None:
        """What its key is bound to: its own sites, and one that there never was."""
        return frozenset({self.own, self.another, self.own + 3}) if self.bound else None

    async def key(self, store: Store) -> str | None:
        """Return what the identity sends as its key, once the store knows of it what it must."""
        if self.state in ("none", "garbage", "bootstrap"):
            return {"none": None, "garbage": "sw_nothing", "bootstrap": KEY}[self.state]
        minted = mint_key()
        expires_at = PAST if self.state == "expired" else None
        digest = key_digest(minted.text)
        key = Key(minted.id, digest, self.scopes, self.sites, None, PAST - 9, expires_at)
        if self.state != "unknown":
            await store.keys.create(key)
        if self.state == "revoked":
            await store.keys.revoke(minted.id)
        last = "1" if minted.text.endswith("0") else "0"
        return minted.text[:-1] + last if self.state == "wrong" else minted.text


def everybody() -> list[Who]:
    """Return every identity but the one without a key in open mode: states, and sets of scopes."""
    states = ("none", "garbage", "unknown", "wrong", "revoked", "expired", "bootstrap")
    said: list[dict[str, Any]] = [{"name": state, "state": state} for state in states]
    for number in range(1, len(SCOPES) + 1):
        for scopes in map(frozenset, combinations(SCOPES, number)):
            named = {"name": "+".join(sorted(scopes)), "scopes": scopes}
            said.append(named)
            if "admin" not in scopes:
                said.append({**named, "name": f"bound {named['name']}", "bound": True})
    return [Who(number=number, **one) for number, one in enumerate(said)]


@dataclass(frozen=True)
class Ask:
    """A request that keeps the contract: for an operation, about a site where it is about one."""

    operation_id: str
    declared: Mapping[str, Any]
    site: int | None
    path: str
    body: Any

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the contract's `security` asks for; None for what is public."""
        ways = self.declared["security"]
        return frozenset(ways[0]["bearer"]) if ways else None

    @property
    def method(self) -> str:
        return CONTRACT.operations[self.operation_id].method


def everything(*sites: int) -> Iterator[Ask]:
    """Yield a request for each operation, for each of the sites where it is about one.

    Bodies and parameters are the contract's own examples. What deletes comes last, of all the site.
    """
    found = [(item, m) for item in BUNDLE["paths"].values() for m in METHODS if m in item]
    found.sort(key=lambda one: (one[1] == "delete", one[0][one[1]]["operationId"] == "delete_site"))
    for item, method in found:
        declared = item[method]
        given = [*item.get("parameters", []), *declared.get("parameters", [])]
        parameters = [_resolved(parameter) for parameter in given]
        for site in sites if names_a_site(parameters, declared) else (None,):
            target = _target(declared["operationId"], parameters, site)
            yield Ask(declared["operationId"], declared, site, target, _body(declared, site))


def names_a_site(parameters: list[Mapping[str, Any]], declared: Mapping[str, Any]) -> bool:
    """Whether the contract says of a parameter, or of something in the body, that it is a site."""
    if any(parameter.get("x-names-site") for parameter in parameters):
        return True
    contents = declared.get("requestBody", {}).get("content", {}).values()
    return any(_is_marked(content["schema"]) for content in contents)


def _is_marked(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_is_marked, node))
    if not isinstance(node, Mapping):
        return False
    node = _resolved(node)
    return "x-names-site" in node or any(map(_is_marked, node.values()))


def _target(operation_id: str, parameters: list[Mapping[str, Any]], site: int | None) -> str:
    words = {p["name"]: p["example"] for p in parameters if p["in"] == "path"}
    words |= {"site_id": site} if "site_id" in words else {}
    needed = [p for p in parameters if p["in"] == "query" and p.get("required")]
    query = "&".join(f"{p['name']}={p['example']}" for p in needed)
    return CONTRACT.operations[operation_id].path.format(**words) + (f"?{query}" if query else "")


def _body(declared: Mapping[str, Any], site: int | None) -> Any:
    """Return the first example of the body, about the site alone where it is about one."""
    if "requestBody" not in declared:
        return None
    content = next(iter(declared["requestBody"]["content"].values()))
    example = _resolved(next(iter(content["examples"].values())))["value"]
    if site is None:
        return example
    moved = {**example, **({"id": site} if "id" in example else {})}
    listed = {"sites": [{**entry, "id": site} for entry in example.get("sites", [])[:1]]}
    return {**moved, **(listed if "sites" in example else {})}


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        _, _, kind, name = node["$ref"].split("/")
        node = BUNDLE["components"][kind][name]
    return node
