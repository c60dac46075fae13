import pytest
from pymongo import ReadPreference

from storage import DATABASE_NAME, connect


@pytest.mark.parametrize(
    "query", ["", "?w=1&journal=false&readConcernLevel=local&readPreference=secondary"]
)
async def test_everything_that_an_acknowledgement_rests_on_is_set_whatever_the_uri_says(
    query: str,
) -> None:
    async with connect(f"mongodb://localhost/{query}", timeout=2.5) as client:
        assert client.write_concern.document == {"w": "majority", "j": True}
        assert client.read_concern.level == "majority"
        assert client.read_preference == ReadPreference.PRIMARY
        options = client.options
        assert options.timeout == 2.5
        assert options.server_selection_timeout == 2.5
        assert options.retry_writes
        assert options.codec_options.tz_aware


@pytest.mark.parametrize(("path", "name"), [("", "sitewatt"), ("mine", "mine")])
async def test_the_database_is_the_one_of_the_uri_else_sitewatt(path: str, name: str) -> None:
    async with connect(f"mongodb://localhost/{path}", timeout=1) as client:
        assert client.get_default_database(DATABASE_NAME).name == name
