"""sitewatt as it is served, on a store that keeps nothing."""

from typing import Any, cast

from bench.common.keyring import keyring
from bench.http.store import NoStore
from sitewatt.app import create_app

app = create_app(cast("Any", NoStore()), keyring())
