"""sitewatt as it is served, on a store that keeps nothing."""

from typing import Any, cast

from bench.common.key import KEY
from bench.http.store import NoStore
from sitewatt.app import create_app
from sitewatt.auth import AdminKey

app = create_app(cast("Any", NoStore()), AdminKey(KEY))
