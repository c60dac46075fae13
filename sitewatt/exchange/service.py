"""The service that a command speaks to: its address, the key, and what went wrong as a sentence."""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from sitewatt.exchange.errors import ExchangeError
from sitewatt_client import Client, Problem, SitewattError

URL = "SITEWATT_URL"
KEY_FILE = "SITEWATT_KEY_FILE"
DEFAULT_URL = "http://127.0.0.1:8080"
SHORT, LONG = 5.0, 60.0
"""The seconds in which a request is tried again: where somebody waits, and where an import does."""


class Address(NamedTuple):
    """Where the service is, and the key that it knows the caller by."""

    url: str
    key: str | None


def address(
    url: str | None, key_file: str | None, environment: Mapping[str, str] = os.environ
) -> Address:
    """Return the address of the flags, else of the environment; raises ExchangeError."""
    chosen = url or environment.get(URL) or DEFAULT_URL
    if not chosen.startswith(("http://", "https://")):
        raise ExchangeError(f"the address of the service begins with http:// or https://: {chosen}")
    file = key_file or environment.get(KEY_FILE)
    return Address(chosen.rstrip("/"), None if not file else _key(file))


@asynccontextmanager
async def connected(to: Address, patience: float = LONG) -> AsyncGenerator[Client]:
    """Give a client of the service; what it raises becomes an ExchangeError with a sentence."""
    try:
        made = Client(to.url, to.key, patience=patience)
    except ValueError as error:
        raise ExchangeError(str(error)) from None
    async with made as client:
        try:
            yield client
        except SitewattError as error:
            raise ExchangeError(sentence(error, to.url)) from None


def sentence(error: SitewattError, url: str) -> str:
    """Return what is wrong, in a line or a few."""
    if isinstance(error, Problem):
        return str(error)
    return f"the service at {url} does not answer: {error}"


def _key(file: str) -> str:
    try:
        key = Path(file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ExchangeError(f"the key file {file} cannot be read: {error}") from None
    # Of what is in the file nothing is repeated: it is a secret.
    if not key or not key.isprintable() or " " in key:
        raise ExchangeError(f"the key file {file} must hold a key, and nothing else")
    return key
