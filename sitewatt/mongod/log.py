"""mongod's own log: why it ended, and how it stays short."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

TAIL_BYTES = 1_000_000
LONGEST = 400
"""The characters of its words that are told; a trace of its stack has thousands."""
CURES: Mapping[str, str] = {
    "Too many open files": "Allow more of them (`ulimit -n`, LimitNOFILE=). ",
    "No space left on device": "Make room on its disk. ",
}
"""What ends mongod and can be helped, and how; it may stand behind an error that hides it."""


def size(log: Path) -> int:
    """The bytes in the log now; 0 when there is none."""
    return log.stat().st_size if log.exists() else 0


def set_aside(log: Path, *, limit: int) -> bool:
    """Whether the log was longer than `limit` bytes and now has the name `<log>.1`.

    An older `<log>.1` is replaced. A mongod that runs goes on writing to the renamed file until
    it is sent SIGUSR1.
    """
    if size(log) <= limit:
        return False
    log.replace(log.with_name(f"{log.name}.1"))
    return True


def tail(log: Path, *, since: int) -> bytes:
    """What the log holds from byte `since` on, or its last megabyte if that is less."""
    with suppress(OSError), log.open("rb") as file:
        file.seek(max(since, size(log) - TAIL_BYTES))
        return file.read()
    return b""


def last_words(said: bytes) -> str:
    """Why mongod ended, in its words and a line, without a full stop; "" when it said nothing.

    That is the first error that carries a reason, one that has a cure before others: those after it
    are its consequences ("aborting after fassert() failure", "Got signal: 6"). Without one it is
    the last error, or else the plain text, which mongod writes as long as it cannot read its
    options. A cause that stands elsewhere in what it said is added.
    """
    errors = list(_errors(said))
    reasons = [f"{line['msg']}: {_reason(line)}" for line in errors if _reason(line)]
    known = [reason for reason in reasons if any(cause in reason for cause in CURES)]
    others = [str(line["msg"]).strip() for line in errors[-1:]]
    words = " ".join((known or reasons)[:1] or others or _plain(said))
    words = " ".join(words.split())[:LONGEST].rstrip(".")
    added = [cause for cause in CURES if cause.encode() in said and cause not in words]
    return ": ".join([words, *added]) if words else words


def _errors(said: bytes) -> Iterator[dict[str, Any]]:
    for text in said.splitlines():
        # A trace after a crash, or the first line of a tail, need not be JSON.
        with suppress(ValueError):
            line = json.loads(text)
            if line["s"] in ("E", "F"):
                yield line


def _plain(said: bytes) -> list[str]:
    lines = said.decode(errors="replace").splitlines()
    return [line for line in lines if line and not line.startswith("{")]


def _reason(line: dict[str, Any]) -> str:
    """The storage engine and the options' reader nest their messages deeper than the rest."""
    attributes: dict[str, Any] = line.get("attr", {})
    message: Any = attributes.get("message") or attributes.get("error") or ""
    if "errmsg" in message:
        return str(message["errmsg"])
    if "error_str" in message:
        return f"{message['error_str']} ({message['msg']})"
    return str(message).strip()
