"""The pages of docs/ whose commands a reader types: they do what they say. See pages.py."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mongodb_of_ones_own import locked_mongod
from pages import Checkout, assert_answers, blocks, page_text
from program import ROOT, EarlyService, data_directory, eventually, example, run
from pymongo import MongoClient

PAGES = (
    "tutorial.md",
    "how-to/time-stamps-and-zones.md",
    "how-to/conflicts-and-corrections.md",
    "how-to/back-up-and-restore.md",
    "how-to/keys.md",
    "how-to/python-client.md",
    "how-to/command-line.md",
    "how-to/backfill.md",
)
OF_OTHERS = (
    "how-to/use-your-own-mongodb.md",
    "how-to/deploy.md",
    "how-to/watch-it.md",
    "how-to/typescript-client.md",
)
"""Pages whose commands need more than a checkout; each has a test of its own."""

ADMINISTRATOR = {"username": "administrator", "password": "ADMINISTRATORS-PASSWORD"}


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    with data_directory() as directory, Checkout(directory) as checkout:
        yield checkout


@pytest.mark.parametrize("name", PAGES)
def test_a_page_does_what_it_says(name: str, checkout: Checkout) -> None:
    checkout.run(page_text(name))


def test_the_page_of_a_mongodb_of_ones_own_does_what_it_says(checkout: Checkout) -> None:
    with locked_mongod("rs0") as port:
        checkout.ports["27017"] = str(port)
        checkout.run(page_text("how-to/use-your-own-mongodb.md"))
        # readWrite alone is not enough, and `check` says so in the words of the page.
        with MongoClient[Any](port=port, directConnection=True, **ADMINISTRATOR) as client:
            user = {"createUser": "reader", "pwd": "reader", "roles": ["readWrite"]}
            client["lacking"].command(user)
        uri = f"mongodb://reader:reader@127.0.0.1:{port}/lacking?replicaSet=rs0"
        checked = run("check", mongodb_uri=uri)
        assert checked.returncode == 1
        said = "the user may not do this on the database `lacking`: collMod"
        assert said in checked.stderr
        assert said in flat(page_text("how-to/use-your-own-mongodb.md"))
        with EarlyService(mongodb_uri=uri) as service:
            assert eventually(lambda: "may not do this" in service.log)
            assert service.client.get("/readyz").json()["kind"] == "unauthorized"


def test_the_messages_that_the_page_explains_are_those_of_the_program() -> None:
    listed = re.findall(r"^\| `([^`]+)` \| ", page_text("how-to/use-your-own-mongodb.md"), re.M)
    sources = "".join(path.read_text() for path in (ROOT / "storage").glob("*.py"))
    assert [said for said in listed if " " in said and said not in sources] == []


def flat(page: str) -> str:
    return " ".join(page.split())


def test_every_page_that_is_followed_step_by_step_is_run() -> None:
    written = {f"how-to/{page.name}" for page in (ROOT / "docs" / "how-to").glob("*.md")}
    assert written - {*OF_OTHERS} == {*PAGES} - {"tutorial.md"}


def test_the_tutorial_posts_the_briefs_three_documents_as_they_stand() -> None:
    posted = [json.loads(body) for body in re.findall(r"-d '([^']*)'", page_text("tutorial.md"))]
    names = ("brief_sites", "brief_configuration", "brief_live")
    assert posted[:3] == [example(name) for name in names]


# The runner itself


def page(*parts: str) -> str:
    return "\n".join(part.replace("~~~", "```") for part in parts)


@pytest.mark.parametrize(
    "wrong",
    [
        "~~~sh\nfalse\n~~~",
        "~~~sh\nfalse | true\n~~~",
        "~~~sh\necho 1\n~~~\n~~~text\n2\n~~~",
        '~~~sh\necho \'{"a": 1}\'\n~~~\n~~~json\n{"a": 2}\n~~~',
        "~~~sh\necho a,b\n~~~\n~~~csv\na,c\n~~~",
        "~~~sh\necho sitewatt: no\n~~~\n~~~text\nsitewatt: no\n~~~",
        "~~~text\nan answer to nothing\n~~~",
        "~~~python\nraise ValueError\n~~~",
        "~~~js\ndb.dropDatabase()\n~~~",
    ],
)
def test_a_page_that_is_wrong_fails(wrong: str, checkout: Checkout) -> None:
    with pytest.raises(AssertionError, match=r"[\s\S]*"):
        checkout.run(page("# A page", wrong, ""))


def test_a_page_that_is_right_passes(checkout: Checkout) -> None:
    checkout.run(page("~~~sh\necho 1 2 3\n~~~", "~~~text\n1 ... 3\n~~~", "~~~mermaid\nx\n~~~", ""))


def test_values_that_differ_each_time_have_to_look_alike() -> None:
    shown = '{"request_id": "75dd3fbb3f363f9e", "soc": 1}'
    assert_answers("json", shown, '{"request_id": "0123456789abcdef", "soc": 1}')
    for answered in (
        '{"request_id": "0123", "soc": 1}',
        '{"soc": 1, "request_id": "75dd3fbb3f363f9e"}',
    ):
        with pytest.raises(AssertionError):
            assert_answers("json", shown, answered)


def test_blocks_know_their_lines() -> None:
    [first, second] = blocks(page("# A", "", "~~~sh", "a", "~~~", "", "~~~json", "{}", "~~~", ""))
    assert (first.line, first.next_kind, second.line) == (3, "json", 7)


def test_a_checkout_takes_nothing_from_where_the_tests_are(checkout: Checkout) -> None:
    assert checkout.directory.is_relative_to(Path("/tmp"))
