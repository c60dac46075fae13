"""Routes: which operation a path and a method name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

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


class _Template:
    def __init__(self, path: str) -> None:
        self._segments = path.split("/")
        self.operations: dict[str, Operation] = {}

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the texts of the parameters, None for another path; both are equally long."""
        texts: dict[str, str] = {}
        for wanted, given in zip(self._segments, segments, strict=True):
            if wanted.startswith("{") and given:
                texts[wanted[1:-1]] = given
            elif wanted != given:
                return None
        return texts


class Routes:
    """Every path of the contract with all its methods; a fixed path goes before a template."""

    def __init__(self, operations: Iterable["Operation"]) -> None:
        templates: dict[str, _Template] = {}
        for operation in operations:
            template = templates.setdefault(operation.path, _Template(operation.path))
            template.operations[operation.method] = operation
        self._by_length: dict[int, list[_Template]] = defaultdict(list)
        for path in sorted(templates, key=_parameters_last):
            self._by_length[path.count("/")].append(templates[path])

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
        segments = path.split("/")
        for template in self._by_length.get(len(segments) - 1, ()):
            texts = template.match(segments)
            if texts is not None:
                return template.operations, texts
        raise UnknownPath


def _parameters_last(path: str) -> tuple[bool, str]:
    return "{" in path, path


def _allowed(methods: Iterable[str]) -> tuple[str, ...]:
    given = set(methods)
    return tuple(sorted(given | {"HEAD", "OPTIONS"} if "GET" in given else given | {"OPTIONS"}))
