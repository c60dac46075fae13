"""The judge of what callers were told: is there an order of the operations that explains it all?

Rows are facts of their own, so each stamp is judged alone: an operation is one change of the stamp
at some moment between its beginning and its end, and says a word about it. The words of all stamps
together must be what the caller was told.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from storage import NoReadings, ReadingsConflict, Receipt, Values

Held = Values | None
Word = Any
"""What an operation has to say of a stamp: a word of a receipt, or the values seen."""


@dataclass(frozen=True)
class Push:
    """A push of rows, as (instant, values) pairs."""

    rows: tuple[tuple[int, Values], ...]
    overwrite: bool = False

    def at(self, stamp: int, held: Held) -> tuple[Held, Word]:
        values = dict(self.rows).get(stamp)
        if values is None:
            return held, None
        if held is None:
            return values, "stored"
        if held == values:
            return held, "unchanged"
        return (values, "replaced") if self.overwrite else (held, "conflicts")

    def explains(self, words: Mapping[int, Word], told: Any) -> bool:
        conflicts: list[int] = []
        if isinstance(told, ReadingsConflict):
            conflicts = [conflict.instant for conflict in told.conflicts]
            told = told.receipt
        if not isinstance(told, Receipt):
            return False
        said = Counter(word for word in words.values() if word)
        counted = {word: getattr(told, word) for word in ("stored", "unchanged", "replaced")}
        expected = Counter({**counted, "conflicts": told.conflicts})
        at = [stamp for stamp, word in words.items() if word == "conflicts"]
        return +said == +expected and sorted(at) == conflicts and told.received == len(self.rows)


@dataclass(frozen=True)
class Delete:
    """A deletion of start <= instant < end, which tells how many readings it has taken itself."""

    start: int
    end: int

    def at(self, stamp: int, held: Held) -> tuple[Held, Word]:
        return (None, held is not None) if self.start <= stamp < self.end else (held, False)

    def explains(self, words: Mapping[int, Word], told: Any) -> bool:
        return not isinstance(told, Exception) and told == sum(words.values())


@dataclass(frozen=True)
class Seal:
    """A pass of the sealer: it changes no fact."""

    def at(self, stamp: int, held: Held) -> tuple[Held, Word]:
        return held, None

    def explains(self, words: Mapping[int, Word], told: Any) -> bool:
        return not isinstance(told, Exception)


@dataclass(frozen=True)
class List:
    """A reading of everything, told as instant to values."""

    def at(self, stamp: int, held: Held) -> tuple[Held, Word]:
        return held, held

    def explains(self, words: Mapping[int, Word], told: Any) -> bool:
        return told == {stamp: held for stamp, held in words.items() if held is not None}


@dataclass(frozen=True)
class Latest:
    """A reading of the newest; those before it may be anything."""

    def at(self, stamp: int, held: Held) -> tuple[Held, Word]:
        return held, held

    def explains(self, words: Mapping[int, Word], told: Any) -> bool:
        if isinstance(told, NoReadings):
            return not any(words.values())
        if isinstance(told, Exception):
            return False
        later = [held for stamp, held in words.items() if stamp > told[0]]
        return words[told[0]] == told[1] and not any(later)


class Asked(NamedTuple):
    """An operation that has begun: what it means, what preceded it, whether it has ended."""

    meaning: Any
    after: frozenset[int]
    ended: bool
    told: Any


def explained(
    asked: Sequence[Asked], before: Mapping[int, Held], after: Mapping[int, Held]
) -> bool:
    """Return whether some order of the operations leads to what is stored and was told.

    `before` and `after` have every stamp. One that has not ended may have done its work or not.
    """
    plain = tuple((each.meaning, each.after, each.ended) for each in asked)
    stamps = sorted(before)
    histories = [orders(plain, stamp, before[stamp], after[stamp]) for stamp in stamps]
    return any(
        all(
            each.meaning.explains(
                {s: words[n] for s, words in zip(stamps, chosen, strict=True)}, each.told
            )
            for n, each in enumerate(asked)
            if each.ended
        )
        for chosen in product(*histories)
    )


@cache
def orders(asked: tuple[Any, ...], stamp: int, before: Held, after: Held) -> frozenset[Any]:
    """Return the words that the operations can have said of one stamp, in every order."""
    return frozenset(
        tuple(words.get(number) for number in range(len(asked)))
        for words, held in _walk(asked, stamp, before, frozenset(), {})
        if held == after
    )


def _walk(
    asked: tuple[Any, ...], stamp: int, held: Held, passed: frozenset[int], words: dict[int, Word]
) -> Iterator[tuple[dict[int, Word], Held]]:
    """Yield what was said and what is held after every order of the operations yet to come.

    One that never ended is passed over at the latest when one begins that it precedes.
    """
    if all(number in words for number, each in enumerate(asked) if each[2]):
        yield words, held
    for number, (meaning, after, _) in enumerate(asked):
        if number in passed or not _may_be_next(asked, after, words):
            continue
        then, word = meaning.at(stamp, held)
        yield from _walk(asked, stamp, then, passed | after | {number}, {**words, number: word})


def _may_be_next(asked: tuple[Any, ...], after: Iterable[int], words: Mapping[int, Word]) -> bool:
    return all(number in words or not asked[number][2] for number in after)
