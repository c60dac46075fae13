"""Long lists, a part at a time."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batched(entries: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the entries in parts of at most `size`, in their order."""
    for begin in range(0, len(entries), size):
        yield entries[begin : begin + size]
