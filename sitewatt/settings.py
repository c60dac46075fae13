"""Settings: one table that the environment, the flags, --help, the docs and a test read."""

import argparse
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

from sitewatt.ending import CommandFailed

BY_VALUE = "SITEWATT_MONGODB_URI"
BY_FILE = "SITEWATT_MONGODB_URI_FILE"
OF_CLIENTS = {"SITEWATT_URL", "SITEWATT_KEY_FILE"}
"""Variables of the commands that speak to a service; they are no settings of one."""


class SettingsError(CommandFailed):
    """A setting has a value that cannot be; the text says which and what would be right."""


@dataclass(frozen=True)
class Settings:
    """How the service runs. Times are in seconds, sizes in MB."""

    host: str
    port: int
    data_dir: Path
    mongodb_uri: str | None
    mongodb_uri_file: Path | None
    mongodb_timeout: float
    mongod_cache: int
    mongod_oplog: int
    retention_days: int | None
    admin_key_file: Path | None
    workers: int
    max_connections: int
    head_timeout: float
    body_timeout: float
    answer_timeout: float
    keep_alive_timeout: int
    drain_time: int
    shutdown_timeout: int
    rate_per_key: str
    rate_per_address: str
    rate_of_wrong_keys: str
    trusted_proxies: str | None
    max_requests: int
    demo: bool
    log_format: str
    log_level: str

    @property
    def mongodb_variable(self) -> str:
        """The variable that the address of the user's MongoDB comes from, to be named in errors."""
        return BY_FILE if self.mongodb_uri_file is not None else BY_VALUE


class Setting(NamedTuple):
    """One row of the table; `read` makes a value of a text and refuses with what is right."""

    name: str
    default: str | None
    read: Callable[[str], Any]
    help: str

    @property
    def flag(self) -> str:
        """The option of `sitewatt serve`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "SITEWATT_" + self.name.upper()


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        raise ValueError(f"a whole number from {least} to {most}")

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader that takes one of the words."""

    def read(text: str) -> str:
        if text in words:
            return text
        raise ValueError(" or ".join(words))

    return read


def seconds(text: str) -> float:
    """Return a time of more than 0 and at most 600 seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0 < value <= 600:
        return value
    raise ValueError("seconds, more than 0 and at most 600")


def path(text: str) -> Path:
    """Return a path, which is not empty."""
    if text:
        return Path(text)
    raise ValueError("a path")


def mongodb_address(text: str) -> str:
    """Return the address of a MongoDB."""
    if text.startswith(("mongodb://", "mongodb+srv://")):
        return text
    raise ValueError("an address that begins with mongodb:// or mongodb+srv://")


def rate(text: str) -> str:
    """Return how many requests there may be in a time, as `600/minute`, or `off`."""
    if text == "off" or _RATE.fullmatch(text):
        return text
    raise ValueError("off, or a number within a second, minute, hour or day, as 600/minute")


_RATE = re.compile("[1-9][0-9]{0,8}/(second|minute|hour|day)")


def proxies(text: str) -> str:
    """Return addresses and networks, with commas between them."""
    try:
        for word in text.split(","):
            ip_network(word.strip())
    except ValueError:
        raise ValueError("addresses or networks with commas between, as 10.0.0.0/8,::1") from None
    return text


def switch(text: str) -> bool:
    """Return a boolean, written `true` or `false`."""
    return one_of("true", "false")(text) == "true"


SETTINGS: tuple[Setting, ...] = (
    Setting("host", "127.0.0.1", str, "the address to listen on; any other needs an admin key"),
    Setting("port", "8080", whole(0, 65535), "the port to listen on; 0 takes a free one"),
    Setting("data_dir", "sitewatt-data", path, "where the embedded MongoDB keeps its files"),
    Setting("mongodb_uri", None, mongodb_address, "a MongoDB 6.0+ of your own"),
    Setting("mongodb_uri_file", None, path, "a file with that address, which is a secret"),
    Setting("mongodb_timeout", "15", seconds, "how long the database may take before a 503"),
    Setting("mongod_cache", "256", whole(256, 1_000_000), "the embedded MongoDB's cache in MB"),
    Setting("mongod_oplog", "128", whole(50, 1_000_000), "the embedded MongoDB's oplog in MB"),
    Setting("retention_days", None, whole(3, 36_500), "after how many days settled readings go"),
    Setting("admin_key_file", None, path, "a file with the key that may do everything"),
    Setting("workers", "1", whole(1, 64), "how many processes serve"),
    Setting("max_connections", "10000", whole(16, 1_000_000), "how many clients a worker has"),
    Setting("head_timeout", "8", seconds, "how long the head of a request may take"),
    Setting("body_timeout", "8", seconds, "how long a body may pause"),
    Setting("answer_timeout", "30", seconds, "how long an answer may wait to be read"),
    Setting("keep_alive_timeout", "5", whole(1, 600), "how long an idle connection stays open"),
    Setting("drain_time", "0", whole(0, 600), "how long SIGTERM goes on taking connections"),
    Setting("shutdown_timeout", "20", whole(0, 600), "how long SIGTERM waits for requests"),
    Setting("rate_per_key", "off", rate, "how often the holder of a key may ask"),
    Setting("rate_per_address", "off", rate, "how often may be asked from an address"),
    Setting("rate_of_wrong_keys", "off", rate, "how many wrong keys may come from an address"),
    Setting("trusted_proxies", None, proxies, "proxies whose X-Forwarded-For is believed"),
    Setting("max_requests", "5000", whole(1, 100_000), "requests that a process answers at once"),
    Setting("demo", "false", switch, "load the brief's documents into an empty store"),
    Setting("log_format", "auto", one_of("auto", "json", "text"), "auto, json or text"),
    Setting("log_level", "info", one_of("debug", "info", "warning", "error"), "the least to log"),
)  # fmt: skip


def load(given: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings: a flag goes before the environment, and that before the default.

    `given` has the texts of the flags by their setting's name. The address of MongoDB is the one in
    its file when there is a file. Raises SettingsError.
    """
    known = {setting.variable for setting in SETTINGS} | OF_CLIENTS
    for variable in environment:
        if variable.startswith("SITEWATT_") and variable not in known:
            raise SettingsError(f"{variable} is not a setting; `sitewatt serve --help` lists them")
    settings = Settings(**{s.name: _value(s, given, environment) for s in SETTINGS})
    return _with_address_of_file(settings)


def one(name: str, given: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Any:
    """Return one setting by the same rules, without a look at the others; raises SettingsError."""
    return _value(next(s for s in SETTINGS if s.name == name), given, environment)


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables, for the processes that serve.

    An address that came from a file is not among them: each process reads the file.
    """
    texts = {s.variable: _text(getattr(settings, s.name)) for s in SETTINGS}
    if settings.mongodb_uri_file is not None:
        del texts[BY_VALUE]
    return {variable: text for variable, text in texts.items() if text is not None}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give the parser every setting as an option that is absent unless given."""
    for setting in SETTINGS:
        default = "" if setting.default is None else f" (default {setting.default})"
        shown = f"{setting.help}{default}; {setting.variable}"
        options: dict[str, Any] = {"help": shown, "default": argparse.SUPPRESS}
        if setting.read is switch:
            parser.add_argument(setting.flag, action="store_const", const="true", **options)
        else:
            parser.add_argument(setting.flag, metavar="VALUE", **options)


def _value(setting: Setting, given: Mapping[str, str], environment: Mapping[str, str]) -> Any:
    source = setting.flag if setting.name in given else setting.variable
    text = given.get(setting.name, environment.get(setting.variable, setting.default))
    if text is None:
        return None
    try:
        return setting.read(text)
    except ValueError as error:
        raise SettingsError(f"{source} must be {error}") from None


def _with_address_of_file(settings: Settings) -> Settings:
    file = settings.mongodb_uri_file
    if file is None:
        return settings
    if settings.mongodb_uri is not None:
        raise SettingsError(f"{BY_VALUE} and {BY_FILE} are two addresses: give one of them")
    try:
        address = mongodb_address(file.read_text(encoding="ascii").strip())
    # Of what is wrong with the content nothing is repeated: it is a secret.
    except UnicodeDecodeError:
        raise SettingsError(f"{BY_FILE}: {file} is not a text of ASCII characters") from None
    except OSError as error:
        raise SettingsError(f"{BY_FILE}: {file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{BY_FILE}: {file} must hold {error}") from None
    return replace(settings, mongodb_uri=address)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
