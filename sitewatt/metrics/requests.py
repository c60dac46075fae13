"""What is counted of requests. Counting is a few additions, for it is done for every request."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from sitewatt.contract import Contract
from sitewatt.contract.parameters import KEYWORDS as OF_PARAMETERS
from sitewatt.contract.vocabulary import RULES
from sitewatt.problems import Problem
from storage import Distribution

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

DOCS = "docs"
"""Stands for an operation: the pages below /docs."""

NONE = "none"
"""Stands for an operation where a request names none, and for a status where nothing was sent."""

OTHER = "other"

_ASSERTIONS = frozenset((
    "type", "enum", "const", "minimum", "maximum", "multipleOf", "minLength", "maxLength",
    "pattern", "format", "minItems", "maxItems", "uniqueItems", "required",
    "additionalProperties", "minProperties", "maxProperties", "oneOf",
))  # fmt: skip
"""The keywords of JSON Schema that a value can break."""


class Answers:
    """How many requests were answered by each status, and how long they took."""

    __slots__ = ("seconds", "statuses")

    def __init__(self, statuses: Iterable[int]) -> None:
        self.statuses = dict.fromkeys(statuses, 0)
        self.seconds = Distribution(SECONDS)


class Requests:
    """The requests by operation. `begun` is for whoever begins one, `broken_off` for who breaks."""

    def __init__(self, contract: Contract) -> None:
        self.begun = 0
        self.broken_off = 0
        self.by_operation = {
            operation.id: Answers(operation.statuses) for operation in contract.operations.values()
        }
        self.by_operation |= {DOCS: Answers(()), NONE: Answers(())}
        self._by_key: dict[str | None, Answers] = {None: self.by_operation[NONE]}
        self._by_key.update(self.by_operation)

    def add(self, operation: str | None, status: int, seconds: float) -> None:
        """Count a request that has ended; the status is 0 when nothing was sent."""
        answers = self._by_key[operation]
        statuses, durations = answers.statuses, answers.seconds
        statuses[status] = statuses.get(status, 0) + 1
        durations.counts[bisect_left(SECONDS, seconds)] += 1
        durations.total += seconds

    @property
    def in_flight(self) -> int:
        """How many requests have begun and not ended."""
        return self.begun - sum(sum(a.statuses.values()) for a in self.by_operation.values())


class Refusals:
    """What was refused: by type of problem, and by the keyword of the contract that is broken."""

    def __init__(self, contract: Contract) -> None:
        self.by_type = dict.fromkeys(contract.problem_types, 0)
        self.by_keyword = dict.fromkeys([*keywords(contract), OTHER], 0)

    def add(self, problem: Problem) -> None:
        """Count a problem that is answered; a keyword once, however many faults it has."""
        self.by_type[problem.slug] += 1
        for keyword in {fault.keyword for fault in problem.faults}:
            self.by_keyword[keyword if keyword in self.by_keyword else OTHER] += 1


def keywords(contract: Contract) -> list[str]:
    """Return the keywords that a request can break: of the contract's schemas and parameters."""
    used = set(_members(contract.bundle)) & (_ASSERTIONS | RULES.keys())
    return sorted(used | OF_PARAMETERS | {"json"})


def _members(node: object) -> Iterable[str]:
    """Yield the names of all members of a document, at any depth."""
    if isinstance(node, Mapping):
        yield from node
        for member in node.values():
            yield from _members(member)
    elif isinstance(node, list):
        for entry in node:
            yield from _members(entry)
