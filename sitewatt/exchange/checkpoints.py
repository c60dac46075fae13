"""How far an import has come, kept beside its file so that a crash costs no more than a moment.

A checkpoint says that every row before its mark is acknowledged or in the file of rejects. It is
replaced by renaming, after an fsync, so there is always a whole one. What was acknowledged after it
is sent again after a crash, and is unchanged.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.lines import Mark

FORMAT = 1
EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Checkpoint:
    """The state of an import after some of its batches."""

    asked: Mapping[str, Any]
    """Where the rows go and how: another import must not go on from here."""
    mark: Mark
    counts: Mapping[str, int] = field(default_factory=dict)
    rejects_size: int = 0
    """How many bytes the file of rejects has by now."""


class Checkpoints:
    """The checkpoint of one import, in a file of its own."""

    def __init__(self, path: Path, asked: Mapping[str, Any]) -> None:
        self.path = path
        self.asked = asked
        self._saved = time.monotonic()

    def load(self) -> Checkpoint | None:
        """Return where to go on; None at the beginning. Raises ExchangeError for another import."""
        try:
            kept = json.loads(self.path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise self._strange("cannot be read as one") from None
        if not isinstance(kept, dict) or kept.get("format") != FORMAT:
            raise self._strange("is not of this version")
        if kept["asked"] != self.asked:
            raise self._strange(f"is of an import with {_words(kept['asked'])}")
        mark = Mark(*kept["mark"])
        return Checkpoint(self.asked, mark, kept["counts"], kept["rejects_size"])

    def due(self) -> bool:
        """Return whether the last one is old enough for another."""
        return time.monotonic() - self._saved >= EVERY_SECONDS

    def save(self, checkpoint: Checkpoint) -> None:
        """Promise that this checkpoint is there from now on, also after a power cut.

        Raises ExchangeError when it cannot be written; the one before is there still.
        """
        try:
            self._replace(checkpoint)
        except OSError as error:
            said = f"how far the import is cannot be written to {self.path}: {error.strerror}"
            raise ExchangeError(said) from None
        self._saved = time.monotonic()

    def _replace(self, checkpoint: Checkpoint) -> None:
        beside = self.path.with_name(f"{self.path.name}.new")
        with beside.open("w") as file:
            json.dump({"format": FORMAT, **asdict(checkpoint), "mark": [*checkpoint.mark]}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def forget(self) -> None:
        """Promise that the import begins anew the next time."""
        self.path.unlink(missing_ok=True)

    def _strange(self, said: str) -> ExchangeError:
        return ExchangeError(
            f"{self.path} keeps how far an import has come, and {said};"
            " give --from-start to begin anew"
        )


def _words(asked: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in asked.items())
