"""Routes: which operation a path and a method name."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sitewatt.contract.schema import ContractError

if TYPE_CHECKING:
    from sitewatt.contract.operations import Operation


class UnknownPath(Exception):
    """The contract has nothing at this path."""


class MethodNotAllowed(Exception):
    """The path exists and has other methods; `allowed` names them all."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = allowed


class Match(NamedTuple):
    """The operation that a request names, and the texts of its path parameters."""

    operation: "Operation"
    path: Mapping[str, str]


class _Place:
    """A place in the tree of paths: what may follow, and the operations of the path ending here."""

    def __init__(self) -> None:
        self.fixed: dict[str, _Place] = {}
        self.parameter: tuple[str, _Place] | None = None
        self.operations: dict[str, Operation] = {}

    def after(self, segment: str) -> "_Place":
        """Return the place that a segment of a path of the contract leads to."""
        if not segment.startswith("{"):
            return self.fixed.setdefault(segment, _Place())
        name = segment[1:-1]
        if self.parameter is None:
            self.parameter = name, _Place()
        if self.parameter[0] != name:
            raise ContractError(f"{self.parameter[0]} and {name} stand at the same place of a path")
        return self.parameter[1]


class Routes:
    """Every path of the contract with all its methods; a fixed segment goes before a parameter."""

    def __init__(self, operations: Iterable["Operation"]) -> None:
        self._root = _Place()
        for operation in operations:
            place = self._root
            for segment in operation.path.split("/"):
                place = place.after(segment)
            place.operations[operation.method] = operation

    def match(self, method: str, path: str) -> Match:
        """Return what the request names; raises UnknownPath or MethodNotAllowed.

        HEAD names what GET does.
        """
        operations, texts = self._find(path)
        operation = operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            raise MethodNotAllowed(_allowed(operations))
        return Match(operation, texts)

    def allowed(self, path: str) -> tuple[str, ...]:
        """Return the methods of the path, OPTIONS among them; raises UnknownPath."""
        return _allowed(self._find(path)[0])

    def _find(self, path: str) -> tuple[Mapping[str, "Operation"], Mapping[str, str]]:
        place, texts = self._root, dict[str, str]()
        for segment in path.split("/"):
            if segment in place.fixed:
                place = place.fixed[segment]
            elif place.parameter is not None and segment:
                name, place = place.parameter
                texts[name] = segment
            else:
                raise UnknownPath
        if not place.operations:
            raise UnknownPath
        return place.operations, texts


def _allowed(methods: Iterable[str]) -> tuple[str, ...]:
    given = set(methods)
    return tuple(sorted(given | {"HEAD", "OPTIONS"} if "GET" in given else given | {"OPTIONS"}))
