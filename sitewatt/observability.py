"""Logs: JSON lines for machines, readable ones on a terminal; each with the id of its request."""

import logging
import logging.config
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered, None outside of one."""

trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""The id of the trace that the request belongs to, None where there are no traces."""

OPERATION = "sitewatt.operation"
"""Where in the scope of a request the id of its operation stands, once that is known."""

access = logging.getLogger("sitewatt.access")

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def configure(log_format: str, level: str) -> None:
    """Send the logs of everything to standard error as `json` or `text`.

    `auto` is `text` on a terminal, else `json`.
    """
    chosen = log_format
    if log_format == "auto":
        chosen = "text" if sys.stderr.isatty() else "json"
    logging.config.dictConfig(_configuration(chosen, level.upper()))


def _configuration(log_format: str, level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}, "text": {"()": TextFormatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": log_format,
            }
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            name: {"level": "WARNING"} for name in ("connexion", "pymongo", "uvicorn.access")
        },
    }


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object: time, level, logger, message, the ids, extras."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            "trace_id": trace_id.get(),
            **_extras(record),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        given = {name: value for name, value in entry.items() if value is not None}
        return orjson.dumps(given, default=str).decode()


class TextFormatter(logging.Formatter):
    """Writes a record for a person: time, level, message, and the request it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, with its traceback below it."""
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        extras = " ".join(f"{name}={value}" for name, value in _extras(record).items())
        request = request_id.get()
        parts = [clock, f"{record.levelname:7}", record.getMessage(), extras, request or ""]
        line = " ".join(part for part in parts if part)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _PLAIN}
