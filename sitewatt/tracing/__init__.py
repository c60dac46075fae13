"""Traces by OpenTelemetry, for who sets its variables; else nothing of it is even imported.

spans      what is made of requests, of the database's commands, and of calls that requests share
provider   where spans go, by the variables of OpenTelemetry
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Protocol

from pymongo.monitoring import CommandListener
from starlette.types import ASGIApp

from sitewatt.contract import Contract
from storage import Store

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
EXPORTER = "OTEL_TRACES_EXPORTER"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
DISABLED = "OTEL_SDK_DISABLED"


_PROVIDER = "sitewatt.tracing.provider"


class TracingError(Exception):
    """Traces are asked for and cannot be made; the text says why."""


class Tracing(Protocol):
    """Makes traces of a service."""

    @property
    def listeners(self) -> Sequence[CommandListener]:
        """What the client of the database has to tell of its commands."""
        ...

    def around(self, app: ASGIApp, contract: Contract, store: Store) -> ASGIApp:
        """Return the application with a span for each request, and watch what the store shares."""
        ...


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Return whether the variables ask for traces: an exporter, or an address to send them to."""
    if environment.get(DISABLED, "").lower() == "true":
        return False
    exporter = environment.get(EXPORTER)
    return exporter != "none" if exporter else any(map(environment.get, ENDPOINTS))


def exporter_of(environment: Mapping[str, str]) -> str | None:
    """Return the exporter that the variables ask for, None for no traces.

    Raises TracingError where it could not be made.
    """
    if not is_wanted(environment):
        return None
    exporter = environment.get(EXPORTER) or "otlp"
    if exporter not in ("otlp", "console"):
        raise TracingError(f"{EXPORTER} must be otlp, console or none")
    for variable in PROTOCOLS:
        if environment.get(variable) not in (None, "", "http/protobuf"):
            raise TracingError(f"{variable} must be http/protobuf, which is all that is installed")
    try:
        import_module(_PROVIDER)
    except ImportError as error:
        raise TracingError(
            f"traces are asked for by OTEL_* variables, and {error.name} is not installed: install"
            " sitewatt with its extra, as in pip install 'sitewatt[otel]', or unset the variables"
        ) from None
    return exporter


def tracing_of(environment: Mapping[str, str]) -> Tracing | None:
    """Return what makes the traces that the variables ask for, None for none; TracingError."""
    exporter = exporter_of(environment)
    if exporter is None:
        return None
    tracing: Tracing = import_module(_PROVIDER).exporting(exporter)
    return tracing
