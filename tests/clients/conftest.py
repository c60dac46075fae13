"""The Python client against the real program."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from program import Service, data_directory

from sitewatt_client import Client


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    with data_directory() as data, Service(data_dir=data) as service:
        yield service


@pytest.fixture
async def sites(service: Service) -> AsyncIterator[Client]:
    async with Client(service.url) as sites:
        yield sites


@pytest.fixture
async def site(sites: Client) -> int:
    """A site of the test's own."""
    return (await sites.create(name="Willo Woods", location="north"))["id"]
