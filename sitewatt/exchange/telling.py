"""What commands write: what was asked for on standard output, all else on standard error."""

import sys
import time
from typing import Self, TextIO

WIDTH = 24
EVERY_SECONDS = 0.1


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{text}\n")


class Progress:
    """A line at the bottom of a terminal that says how far a command is; nothing elsewhere.

    `whole` is what `done` counts up to, None where nobody knows.
    """

    def __init__(self, whole: int | None, stream: TextIO | None = None) -> None:
        self._whole = whole
        to = stream or sys.stderr
        self._stream = to if to.isatty() else None
        self._began = time.monotonic()
        self._begun_at: int | None = None
        self._shown = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def show(self, done: int, rows: int, refused: int) -> None:
        """Draw the line anew, at most ten times a second."""
        now = time.monotonic()
        if self._stream is None or now - self._shown < EVERY_SECONDS:
            return
        self._shown = now
        self._stream.write(f"\r\x1b[K{self.line(done, rows, refused, now - self._began)}")
        self._stream.flush()

    def line(self, done: int, rows: int, refused: int, seconds: float) -> str:
        """Return the line: a bar, the share, the rows of this run, their rate, the time left."""
        if self._begun_at is None:
            self._begun_at = done
        rate = rows / seconds if seconds else 0.0
        said = f"{rows:,} rows  {rate:,.0f}/s"
        if self._whole:
            share = min(done / self._whole, 1.0)
            bar = "#" * round(share * WIDTH)
            said = f"[{bar:<{WIDTH}}] {share:4.0%}  {said}{self._left(done, seconds)}"
        return f"{said}  {refused:,} refused" if refused else said

    def _left(self, done: int, seconds: float) -> str:
        run = done - (self._begun_at or 0)
        if not run or not self._whole:
            return ""
        left = round((self._whole - done) / run * seconds)
        return f"  {left // 60}:{left % 60:02} left"
