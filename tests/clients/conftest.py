"""The Python client against the real program, which asks for a key."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from program import Service, data_directory

from sitewatt_client import Client

KEY = "the-administrators-key-of-these-tests"


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(KEY)
    file.chmod(0o600)
    return file


@pytest.fixture(scope="session")
def service(key_file: Path) -> Iterator[Service]:
    with (
        data_directory() as data,
        Service(data_dir=data, admin_key_file=key_file) as service,
    ):
        # Site 1 is that of the brief's documents, whichever test comes first, and no test's own.
        site = {"id": 1, "name": "Willo Woods", "location": "north"}
        bearer = {"Authorization": f"Bearer {KEY}"}
        assert service.client.post("/v1/sites", json=site, headers=bearer).status_code == 201
        yield service


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture
async def sites(service: Service, key: str) -> AsyncIterator[Client]:
    async with Client(service.url, key) as sites:
        yield sites


@pytest.fixture
async def site(sites: Client) -> int:
    """A site of the test's own."""
    return (await sites.create(name="Willo Woods", location="north"))["id"]
