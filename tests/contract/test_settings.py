"""Settings: a flag before the environment before the default, and nothing wrong goes unsaid."""

import argparse
import atexit
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sitewatt import opening, settings
from sitewatt.app import open_store
from sitewatt.settings import SETTINGS, Setting, SettingsError, load
from storage import Unavailable

ADDRESS = "mongodb://sitewatt:hush@localhost/"
ADDRESS_FILE = tempfile.NamedTemporaryFile(mode="w", prefix="sw-uri-")  # noqa: SIM115  # closed at exit
ADDRESS_FILE.write(f"{ADDRESS}\n")
ADDRESS_FILE.flush()
atexit.register(ADDRESS_FILE.close)

BY_NAME = {setting.name: setting for setting in SETTINGS}
OTHER: dict[str, tuple[str, Any]] = {
    "host": ("::1", "::1"),
    "port": ("0", 0),
    "data_dir": ("/tmp/elsewhere", Path("/tmp/elsewhere")),
    "mongodb_uri": ("mongodb://localhost", "mongodb://localhost"),
    "mongodb_uri_file": (ADDRESS_FILE.name, Path(ADDRESS_FILE.name)),
    "mongodb_timeout": ("2.5", 2.5),
    "mongod_cache": ("512", 512),
    "mongod_oplog": ("64", 64),
    "retention_days": ("3", 3),
    "admin_key_file": ("/tmp/key", Path("/tmp/key")),
    "workers": ("2", 2),
    "max_connections": ("16", 16),
    "head_timeout": ("2.5", 2.5),
    "body_timeout": ("20", 20),
    "answer_timeout": ("60", 60),
    "keep_alive_timeout": ("75", 75),
    "drain_time": ("5", 5),
    "shutdown_timeout": ("0", 0),
    "rate_per_key": ("600/minute", "600/minute"),
    "rate_per_address": ("10/second", "10/second"),
    "rate_of_wrong_keys": ("100/day", "100/day"),
    "trusted_proxies": ("10.0.0.0/8, ::1", "10.0.0.0/8, ::1"),
    "max_requests": ("1", 1),
    "demo": ("true", True),
    "log_format": ("json", "json"),
    "log_level": ("debug", "debug"),
}
"""For each setting a text that is not its default, and the value of it."""

WRONG = [
    ("port", ["-1", "65536", "8080 ", "+80", "1e3", "0x50", "eighty", "", "८०"]),
    ("data_dir", [""]),
    ("mongodb_uri", ["localhost:27017", "http://localhost", ""]),
    ("mongodb_uri_file", [""]),
    ("mongodb_timeout", ["0", "-1", "601", "nan", "inf", "soon", ""]),
    ("mongod_cache", ["255", "1000001", "256MB", ""]),
    ("mongod_oplog", ["49", "1000001", "1.5", ""]),
    ("retention_days", ["2", "36501", "0", "none", "30d", ""]),
    ("admin_key_file", [""]),
    ("workers", ["0", "65", "all", ""]),
    ("max_connections", ["15", "1000001", "all", ""]),
    ("head_timeout", ["0", "-1", "601", "nan", "inf", "soon", ""]),
    ("body_timeout", ["0", "-1", "601", "nan", "inf", "soon", ""]),
    ("answer_timeout", ["0", "-1", "601", "nan", "inf", "soon", ""]),
    ("keep_alive_timeout", ["0", "601", "75s", ""]),
    ("drain_time", ["-1", "601", "2.5", ""]),
    ("shutdown_timeout", ["-1", "601", "2.5", ""]),
    ("rate_per_key", ["600", "0/minute", "600/month", "600 per minute", "Off", "1/5minute", ""]),
    ("rate_per_address", ["-1/minute", "1e3/hour", "1/second;1/hour", ""]),
    ("rate_of_wrong_keys", ["none", "1000000000/day", ""]),
    ("trusted_proxies", ["proxy.example", "10.0.0.1/8", "10.0.0.1,", ""]),
    ("max_requests", ["0", "100001", "all", ""]),
    ("demo", ["1", "yes", "True", ""]),
    ("log_format", ["xml", "JSON", ""]),
    ("log_level", ["trace", "INFO", ""]),
]
EACH_WRONG = [(name, text) for name, texts in WRONG for text in texts]

each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
each_wrong = pytest.mark.parametrize(("name", "text"), EACH_WRONG)


def test_every_setting_has_a_case_here() -> None:
    assert OTHER.keys() == BY_NAME.keys()
    assert [name for name, _ in WRONG] == [s.name for s in SETTINGS if s.read is not str]


@each_setting
def test_without_flag_and_variable_the_default_holds(setting: Setting) -> None:
    default = None if setting.default is None else setting.read(setting.default)
    assert getattr(settings.load({}, {}), setting.name) == default


@each_setting
def test_a_variable_goes_before_the_default(setting: Setting) -> None:
    text, value = OTHER[setting.name]
    assert getattr(settings.load({}, {setting.variable: text}), setting.name) == value


@each_setting
def test_a_flag_goes_before_the_variable(setting: Setting) -> None:
    text, value = OTHER[setting.name]
    environment = {setting.variable: setting.default or "mongodb://not-this-one"}
    assert getattr(settings.load({setting.name: text}, environment), setting.name) == value


@each_wrong
def test_a_wrong_variable_is_refused_by_its_name(name: str, text: str) -> None:
    variable = BY_NAME[name].variable
    with pytest.raises(SettingsError, match=f"^{variable} must be "):
        settings.load({}, {variable: text})


@each_wrong
def test_a_wrong_flag_is_refused_by_its_name(name: str, text: str) -> None:
    setting = BY_NAME[name]
    with pytest.raises(SettingsError, match=f"^{setting.flag} must be "):
        settings.load({name: text}, {setting.variable: OTHER[name][0]})


@pytest.mark.parametrize("variable", ["SITEWATT_PROT", "SITEWATT_port", "SITEWATT_"])
def test_a_variable_that_is_no_setting_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is not a setting"):
        settings.load({}, {variable: "1"})


def test_variables_of_other_programs_are_left_alone() -> None:
    assert settings.load({}, {"PORT": "x", "SITE": "y", "sitewatt_port": "z"}).port == 8080


def test_the_address_of_mongodb_is_read_from_its_file() -> None:
    chosen = settings.load({}, {"SITEWATT_MONGODB_URI_FILE": ADDRESS_FILE.name})
    assert chosen.mongodb_uri == ADDRESS
    assert chosen.mongodb_variable == "SITEWATT_MONGODB_URI_FILE"
    assert settings.load({}, {}).mongodb_variable == "SITEWATT_MONGODB_URI"


def test_an_address_from_a_file_is_not_put_into_the_environment_of_the_processes() -> None:
    given = settings.environment(settings.load({"mongodb_uri_file": ADDRESS_FILE.name}, {}))
    assert "SITEWATT_MONGODB_URI" not in given
    assert "hush" not in "".join(given.values())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "must hold an address that begins with mongodb://"),
        (b"hush", "must hold an address that begins with mongodb://"),
        (b"mongodb://hush:\xff@localhost", "is not a text of ASCII characters"),
    ],
)
def test_a_file_without_an_address_is_refused_and_nothing_of_it_is_told(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "uri"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        settings.load({"mongodb_uri_file": str(file)}, {})
    assert str(refused.value).startswith(f"SITEWATT_MONGODB_URI_FILE: {file} {said}")
    assert "hush" not in str(refused.value)


def test_two_addresses_are_refused() -> None:
    with pytest.raises(SettingsError, match="give one of them"):
        settings.load({"mongodb_uri": ADDRESS, "mongodb_uri_file": ADDRESS_FILE.name}, {})


@each_setting
def test_one_setting_can_be_read_without_the_others(setting: Setting) -> None:
    wrong = {other.variable: "" for other in SETTINGS if other != setting}
    text, value = OTHER[setting.name]
    assert settings.one(setting.name, {}, wrong | {setting.variable: text}) == value
    assert settings.one(setting.name, {setting.name: text}, wrong) == value


@each_setting
def test_the_processes_that_serve_get_the_same_settings(setting: Setting) -> None:
    chosen = settings.load({setting.name: OTHER[setting.name][0]}, {})
    assert settings.load({}, settings.environment(chosen)) == chosen


@each_setting
def test_every_setting_is_an_option_that_is_absent_unless_given(setting: Setting) -> None:
    parser = argparse.ArgumentParser()
    settings.add_flags(parser)
    words = [setting.flag] if setting.name == "demo" else [setting.flag, OTHER[setting.name][0]]
    assert vars(parser.parse_args([])) == {}
    assert vars(parser.parse_args(words)) == {setting.name: OTHER[setting.name][0]}


def test_what_waits_for_the_database_has_its_answer_before_the_process_ends() -> None:
    chosen = load({}, {})
    assert chosen.shutdown_timeout >= chosen.mongodb_timeout + 5


def test_a_process_that_serves_is_given_the_address_of_its_database() -> None:
    with pytest.raises(SettingsError, match="without SITEWATT_MONGODB_URI there is no database"):
        open_store(load({}, {}))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"host": "127.0.0.1"}, "open, to this machine only, unless the store has keys"),
        ({"host": "0.0.0.0"}, "the keys of the store"),
        ({"host": "0.0.0.0", "admin_key_file": "key"}, "an admin key, and the keys of the store"),
    ],
)
def test_who_gets_in_is_said_in_words(flags: dict[str, str], said: str) -> None:
    assert opening.described(load(flags, {})) == said


async def test_a_store_that_does_not_say_whether_it_has_a_key_is_told_and_served_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers: list[bool | Exception] = [Unavailable("away", "no_server"), True, False]

    async def has_admin(*, now: int) -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    store: Any = SimpleNamespace(keys=SimpleNamespace(has_admin=has_admin))
    chosen = load({"host": "0.0.0.0"}, {})
    await opening.look_at_address(chosen, store)
    [told] = caplog.messages
    assert told.startswith("nobody knows whether the store has an admin key: ")
    await opening.look_at_address(chosen, store)
    with pytest.raises(SettingsError, match="there must be an admin key"):
        await opening.look_at_address(chosen, store)
    assert len(caplog.messages) == 1
