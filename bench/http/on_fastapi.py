"""FastAPI with Pydantic, on a store that keeps nothing."""

from bench.common.fastapi_service import create_service, wrapped
from bench.http.store import NoStore

app = wrapped(create_service(NoStore().live))
