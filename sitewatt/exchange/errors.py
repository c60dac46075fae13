"""What ends a command with a sentence.

ExchangeError        anything that a command tells as a sentence and ends with 1 for
  FileFaults         what is wrong with a file, each fault at its line and column
"""

from collections.abc import Sequence
from typing import NamedTuple

from sitewatt.ending import CommandFailed


class Place(NamedTuple):
    """Where in a file; both count from 1, the column in characters."""

    line: int
    column: int


class FileFault(NamedTuple):
    """One thing wrong with a file."""

    place: Place
    said: str
    hint: str | None = None

    @property
    def reason(self) -> str:
        """What is wrong and, in brackets, what would be right."""
        return self.said if self.hint is None else f"{self.said} ({self.hint})"

    def line(self, name: str) -> str:
        """Return the fault as compilers tell it: `file:line:column: reason`."""
        return f"{name}:{self.place.line}:{self.place.column}: {self.reason}"


class ExchangeError(CommandFailed):
    """The command cannot do what it was asked for; the text says why."""


class FileFaults(ExchangeError):
    """The file breaks the contract, or cannot be read as what it is."""

    def __init__(self, name: str, faults: Sequence[FileFault], note: str = "") -> None:
        self.faults = faults
        lines = [fault.line(name) for fault in faults]
        super().__init__("\n".join([*lines, note] if note else lines))
