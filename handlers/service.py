"""Operations on the service itself: is it well, which one is it, what does it promise."""

from handlers import replies
from handlers.ports import Documents, Metrics, Readiness
from handlers.replies import Response


async def get_liveness() -> Response:
    """Return that the process answers; the database is not asked."""
    return replies.json({"status": "alive"})


async def get_readiness(*, readiness: Readiness) -> Response:
    """Return that requests may come, which is so while the database takes writes and it stays."""
    await readiness.check()
    return replies.json({"status": "ready"})


async def get_version(*, documents: Documents) -> Response:
    """Return the versions of the program and of its contract."""
    return replies.json(documents.version)


async def get_metrics(media_type: str, *, metrics: Metrics) -> Response:
    """Return what the service counts of itself, as text for Prometheus."""
    return replies.described(*await metrics.page(media_type))


async def get_openapi_json(if_none_match: str | None, *, documents: Documents) -> Response:
    """Return the contract as JSON."""
    return replies.document(documents.openapi_json, "application/json", if_none_match)


async def get_openapi_yaml(if_none_match: str | None, *, documents: Documents) -> Response:
    """Return the contract as YAML."""
    return replies.document(documents.openapi_yaml, "application/yaml", if_none_match)


async def get_schema(name: str, *, documents: Documents) -> Response:
    """Return one schema of the contract as a JSON Schema document that stands alone."""
    return replies.document(documents.schema(name), "application/schema+json")


async def get_problem_type(type_: str, *, documents: Documents) -> Response:
    """Return the page that explains one type of problem."""
    return replies.document(documents.problem_page(type_), "text/html; charset=utf-8")
