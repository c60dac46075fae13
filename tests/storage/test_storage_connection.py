import pytest
from pymongo import ReadPreference

from storage import DATABASE_NAME, BadAddress, connect


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


@pytest.mark.parametrize(("most", "seconds"), [(15, 5.0), (2.5, 2.5)])
async def test_a_server_that_hangs_is_given_up_well_before_the_timeout(
    most: float, seconds: float
) -> None:
    async with connect("mongodb://localhost/?connectTimeoutMS=60000", timeout=most) as client:
        assert client.options.pool_options.connect_timeout == seconds
        settings = client._topology_settings
        assert settings is not None
        assert settings.heartbeat_frequency == 2


@pytest.mark.parametrize("option", ["SEC=RET", "maxPoolSize=many"])
async def test_an_option_that_is_ignored_is_told_in_the_log_and_not_named(
    option: str, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    async with connect(f"mongodb://localhost/?{option}", timeout=1):
        assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert option.partition("=")[0].lower() not in caplog.text.lower()
    assert not [warning for warning in recwarn if warning.category is UserWarning]


async def test_of_an_address_that_is_right_nothing_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with connect("mongodb://localhost/?replicaSet=rs", timeout=1):
        assert caplog.records == []


HOW_TO_WRITE_IT = "write / : ? # [ ] @ % in a password as %2F %3A %3F %23 %5B %5D %40 %25"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mongodb://user:se/cret@localhost/", HOW_TO_WRITE_IT),
        ("mongodb://user:se@cret@localhost/", "Username and password must be escaped"),
        ("mongodb://user:cret%@localhost/", "Username and password must be escaped"),
        ("http://user:cret@localhost/", "Invalid URI scheme"),
        ("mongodb://", "Must provide at least one hostname"),
        ("mongodb://localhost:port/", "Port contains non-digit characters"),
    ],
)
def test_an_address_that_is_none_is_told_without_its_password(address: str, said: str) -> None:
    with pytest.raises(BadAddress) as refusal:
        connect(address, timeout=1)
    assert str(refusal.value).startswith(said)
    assert "cret" not in str(refusal.value)
    assert refusal.value.__suppress_context__, "a traceback would show what PyMongo said"


@pytest.mark.parametrize(("path", "name"), [("", "sitewatt"), ("mine", "mine")])
async def test_the_database_is_the_one_of_the_uri_else_sitewatt(path: str, name: str) -> None:
    async with connect(f"mongodb://localhost/{path}", timeout=1) as client:
        assert client.get_default_database(DATABASE_NAME).name == name
