"""Who may ask: in open mode, with the key of the settings, and how often."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from time import monotonic

import pytest

from sitewatt.admission.guard import CountingAuthority
from sitewatt.admission.rates import OFF, Rates, TooManyRequests
from sitewatt.admission.visits import Visit, visiting
from sitewatt.auth import (
    ANYONE,
    AdminKey,
    Forbidden,
    ForeignRequest,
    Identity,
    KeyFileError,
    OpenToThisMachine,
    Unauthenticated,
    admit_still,
    is_loopback,
    presented_key,
)
from storage import key_digest

KEY = "k" * 32
HERE = {"host": "localhost:8080"}


# Open mode


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:65535", "[::1]", "[::1]:8"]
)
async def test_open_to_this_machine_admits_it_by_all_its_names(host: str) -> None:
    await OpenToThisMachine().admit({"host": host})
    await OpenToThisMachine().admit({"host": host, "origin": f"HTTP://{host.swapcase()}"})
    assert await OpenToThisMachine().authorize({"host": host}, ["admin"]) is ANYONE


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"forwarded": "for=192.0.2.1"}, "no proxy may stand before this."),
        ({"via": "1.1 proxy"}, "no proxy may stand before this."),
        ({"x-real-ip": "192.0.2.1"}, "no proxy may stand before this."),
        ({"x-forwarded-port": "443"}, "no proxy may stand before this."),
        ({"host": "sites.example"}, "the Host is localhost, 127.0.0.1 or [::1]."),
        ({"host": "localhost:123456"}, "the Host is localhost, 127.0.0.1 or [::1]."),
        ({"host": ""}, "the Host is localhost, 127.0.0.1 or [::1]."),
        ({"origin": "http://localhost"}, "no page of another origin may call this."),
        ({"origin": "https://localhost:8080"}, "no page of another origin may call this."),
    ],
)
async def test_open_to_this_machine_says_whom_it_does_not_admit(
    headers: dict[str, str], said: str
) -> None:
    with pytest.raises(ForeignRequest) as refusal:
        await OpenToThisMachine().admit(HERE | headers)
    assert refusal.value.detail == str(refusal.value) == f"Without a key {said}"


async def test_open_to_this_machine_admits_nobody_who_names_no_host() -> None:
    with pytest.raises(ForeignRequest, match="the Host is"):
        await OpenToThisMachine().admit({})


def test_a_scope_that_is_missing_is_named_with_the_others_in_order() -> None:
    refusal = Forbidden({"write_sites", "admin"})
    assert refusal.scopes == ("admin", "write_sites")
    assert str(refusal) == "admin, write_sites"


# Keys


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"authorization": "Bearer a b"}, "a b"),
        ({"authorization": "bEARER  a "}, "a"),
        ({"authorization": "Bearer a", "x-api-key": "b"}, "a"),
        ({"authorization": "Bearer ", "x-api-key": "b"}, "b"),
        ({"authorization": "Basic a", "x-api-key": "b"}, "b"),
        ({"authorization": "Basic a"}, None),
        ({"authorization": "Bearer"}, None),
        ({"x-api-key": " b"}, " b"),
        ({}, None),
    ],
)
def test_a_key_is_taken_from_either_header(headers: dict[str, str], key: str | None) -> None:
    assert presented_key(headers) == key


@pytest.mark.parametrize("text", [KEY, f"  {KEY}\n", "!" * 32, "k" * 1_000])
def test_a_key_file_has_one_key_and_of_it_the_digest_is_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    kept = AdminKey.from_file(tmp_path / "key")
    assert kept.has_digest(key_digest(text.strip()))
    assert not kept.has_digest(key_digest(text.strip() + "k"))
    assert text.strip() not in str(vars(kept))


@pytest.mark.parametrize("text", ["", "k" * 31, "k " * 20, "k" * 32 + "\x07"])
def test_a_key_file_without_a_good_key_says_how_to_make_one(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(KeyFileError) as refusal:
        AdminKey.from_file(file)
    assert str(refusal.value) == (
        f"the admin key in {file} must have 32 or more characters and no space; make one with:"
        " python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
    )


def test_a_key_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(KeyFileError) as refusal:
        AdminKey.from_file(file)
    assert str(refusal.value).startswith(f"the admin key file {file} cannot be read: [Errno 2]")
    file.write_bytes(b"\xc3\xa9" * 32)
    with pytest.raises(KeyFileError, match="cannot be read: 'ascii' codec"):
        AdminKey.from_file(file)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("192.0.2.7", False),
        ("sites.example", False),
        ("LOCALHOST.example", False),
        (None, False),
    ],
)
def test_a_name_or_address_is_this_machines_own(host: str | None, own: bool) -> None:
    assert is_loopback(host) is own


# How often, and for how long


class Answering:
    """An authority that knows the keys that it is given, and whom it was asked about."""

    def __init__(self, **known: str) -> None:
        self.known = known
        self.asked: list[tuple[Mapping[str, str], Iterable[str]]] = []
        self.admitted: list[Mapping[str, str]] = []

    async def admit(self, headers: Mapping[str, str]) -> None:
        self.admitted.append(headers)

    async def authorize(self, headers: Mapping[str, str], scopes: Iterable[str]) -> Identity:
        self.asked.append((headers, scopes))
        key = presented_key(headers)
        if key not in self.known:
            raise Unauthenticated("Who is it?")
        return Identity(self.known[key], frozenset(scopes))


class Endless:
    """Has room for everything."""

    def hold(self, visit: Visit, size: int) -> None:
        visit.held += size


@pytest.fixture
def visit() -> Iterator[Visit]:
    visit = Visit(Endless())
    visit.address = "192.0.2.7"
    token = visiting.set(visit)
    yield visit
    visiting.reset(token)


def rates(*, key: str = OFF, wrong_keys: str = OFF) -> Rates:
    return Rates(key, OFF, wrong_keys, clock=lambda: 0.0)


KNOWN, WRONG, NONE = {"x-api-key": "good"}, {"x-api-key": "bad"}, dict[str, str]()


async def test_a_guard_admits_whom_the_authority_does() -> None:
    authority = Answering()
    await CountingAuthority(authority, rates()).admit(HERE)
    assert authority.admitted == [HERE]


async def test_a_key_is_counted_once_a_visit(visit: Visit) -> None:
    authority = Answering(good="id")
    guard = CountingAuthority(authority, rates(key="2/minute"))
    for _ in range(3):
        assert await guard.authorize(KNOWN, ["read"]) == Identity("id", frozenset({"read"}))
    assert (visit.key_id, visit.quotas[1]) == ("id", (b"ratelimit", b'"key";r=1;t=60'))
    assert authority.asked == [(KNOWN, ["read"])] * 3
    visit.key_id = None
    await guard.authorize(KNOWN, ["read"])
    visit.key_id = None
    with pytest.raises(TooManyRequests, match="key"):
        await guard.authorize(KNOWN, ["read"])
    assert visit.key_id is None


async def test_after_too_many_wrong_keys_none_is_looked_at(visit: Visit) -> None:
    authority = Answering(good="id")
    guard = CountingAuthority(authority, rates(wrong_keys="2/minute"))
    for headers in (NONE, NONE, NONE, WRONG, NONE, WRONG):
        with pytest.raises(Unauthenticated):
            await guard.authorize(headers, ["read"])
    for headers in (WRONG, KNOWN):
        with pytest.raises(TooManyRequests, match="wrong-keys"):
            await guard.authorize(headers, ["read"])
    assert len(authority.asked) == 6
    with pytest.raises(Unauthenticated):
        await guard.authorize(NONE, ["read"])
    visit.address = "192.0.2.8"
    assert (await guard.authorize(KNOWN, ["read"])).key_id == "id"


async def test_outside_of_a_visit_nothing_is_counted() -> None:
    guard = CountingAuthority(Answering(good="id"), rates(key="1/minute", wrong_keys="1/minute"))
    for _ in range(3):
        assert (await guard.authorize(KNOWN, ["read"])).key_id == "id"
        with pytest.raises(Unauthenticated):
            await guard.authorize(WRONG, ["read"])


@pytest.mark.parametrize(
    ("scopes", "ago", "again"), [(["read"], 60, 1), (["read"], 0, 0), (None, 60, 0), ([], 60, 1)]
)
async def test_who_was_let_in_long_ago_is_looked_at_again(
    scopes: list[str] | None, ago: float, again: int
) -> None:
    authority = Answering(good="id")
    await admit_still(authority, KNOWN, scopes, monotonic() - ago)
    assert authority.asked == [(KNOWN, scopes)] * again
    if again:
        with pytest.raises(Unauthenticated):
            await admit_still(authority, WRONG, scopes, monotonic() - ago)
