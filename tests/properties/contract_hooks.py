"""What schemathesis is told about this service: its hooks, in process and by the command line."""

from typing import Any

import schemathesis
from exemptions import is_exempt
from fitting import explain_preconditions, fit, register_formats

register_formats()


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Explain what the contract does not say in a way that schemathesis understands."""
    explain_preconditions(raw_schema)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Mend what is meant to be valid; a case without metadata is the test's own."""
    if case.meta is not None:
        fit(case)


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Keep a failure unless the table of exemptions has it."""
    return not is_exempt(failure, case, response)


@schemathesis.deserializer("text/html")
def read_page(context: Any, response: Any) -> str:
    """Return a page as the text that the contract says it is."""
    page: str = response.text
    return page
