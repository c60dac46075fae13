"""Prints docs/reference/operations.md: every operation of the contract, as the contract has it.

Run by `make reference`; a test compares what it prints with the page.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import openapi

BUNDLE = openapi.bundle()
METHODS = ("get", "put", "post", "patch", "delete")

HEAD = """\
# Operations

Every operation of the contract: where it is, what it needs, what it answers. This page is made from
the contract by `make reference`. The contract itself says more, every member of every body with its
limits: the running service shows it at `/docs/`, and gives it out at `/openapi.json`,
`/openapi.yaml` and, each schema alone, `/schemas/{name}`.

A key has scopes; "needs" names the one that an operation asks for. A parameter without a word under
"left out" may be left out, and nothing stands in its place. What the types of refusals mean is in
[problems](problems.md), what stamps look like in [time stamps and
zones](../how-to/time-stamps-and-zones.md).
"""


def resolved(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a reference names, or the thing itself when it is none."""
    while "$ref" in thing:
        _, _, kind, name = thing["$ref"].split("/")
        thing = BUNDLE["components"][kind][name]
    return thing


def sentence(text: str) -> str:
    """Return the first sentence of a description as it may stand in a table."""
    flat = " ".join(text.split())
    first, dot, _ = flat.partition(". ")
    return (first + dot).strip().replace("|", "\\|")


def name_of(schema: Mapping[str, Any]) -> str:
    """Return the name of the schema that a reference names."""
    return f"`{schema['$ref'].rpartition('/')[2]}`" if "$ref" in schema else schema["type"]


def limits(schema: Mapping[str, Any]) -> str:
    """Return what values a schema takes, in words."""
    schema = resolved(schema)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "minimum" in schema:
        return f"{schema['type']}, {schema['minimum']:,} to {schema['maximum']:,}"
    if schema["type"] == "array":
        return f"list of {limits(schema['items'])}"
    return str(schema.get("format", schema["type"]))


def rows_of_parameters(operation: Mapping[str, Any], shared: list[Any]) -> Iterator[str]:
    """Yield a row for each parameter; where it is left out its default holds."""
    for parameter in map(resolved, [*shared, *operation.get("parameters", ())]):
        default = resolved(parameter["schema"]).get("default")
        left_out = "required" if parameter.get("required") else ""
        if default is not None:
            written = str(default).lower() if isinstance(default, bool) else default
            left_out = f"`{written}`"
        told = sentence(parameter.get("description", ""))
        cells = (f"`{parameter['name']}`", parameter["in"], limits(parameter["schema"]))
        yield f"| {' | '.join((*cells, left_out, told))} |"


def rows_of_answers(operation: Mapping[str, Any]) -> Iterator[str]:
    """Yield a row for each answer that is no refusal."""
    for status, answer in operation["responses"].items():
        answer = resolved(answer)
        if status >= "400":
            continue
        contents = answer.get("content", {}).items()
        told = ", ".join(f"{name_of(content['schema'])} as `{kind}`" for kind, content in contents)
        yield f"| {status} | {told or 'nothing'} | {sentence(answer['description'])} |"


def needs(operation: Mapping[str, Any]) -> str:
    """Return the scope that a key must have, in words."""
    security = operation.get("security", BUNDLE.get("security")) or ()
    ways = [scopes for way in security for scopes in way.values()]
    scopes = dict.fromkeys(scope for way in ways for scope in way)
    return f"needs `{'`, `'.join(scopes)}`" if scopes else "needs no key"


def refusals(operation: Mapping[str, Any]) -> str:
    """Return the refusals that the operation declares: each status with its types of problems."""
    told: list[str] = []
    for status, answer in operation["responses"].items():
        if status >= "400":
            examples = resolved(answer)["content"]["application/problem+json"]["examples"]
            types = [resolved(example)["value"]["type"] for example in examples.values()]
            slugs = dict.fromkeys(type_.removeprefix("/problems/") for type_ in types)
            told.append(f"{status} `{'`, `'.join(slugs)}`")
    return "; ".join(told)


def section(path: str, method: str, item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paragraphs of an operation."""
    operation = item[method]
    prefix = item.get("servers", BUNDLE["servers"])[0]["url"].rstrip("/")
    yield f"### {operation['operationId']}"
    yield f"`{method.upper()} {prefix}{path}` · {needs(operation)}"
    yield f"{operation['summary']}."
    parameters = [*rows_of_parameters(operation, item.get("parameters", []))]
    if parameters:
        head = ["| parameter | in | takes | left out | |", "| --- | --- | --- | --- | --- |"]
        yield "\n".join([*head, *parameters])
    if "requestBody" in operation:
        bodies = resolved(operation["requestBody"])["content"].items()
        told = ", ".join(f"{name_of(content['schema'])} as `{kind}`" for kind, content in bodies)
        yield f"The body is {told}."
    head = ["| status | answer | |", "| --- | --- | --- |"]
    yield "\n".join([*head, *rows_of_answers(operation)])
    if refused := refusals(operation):
        yield f"Refusals: {refused}."


def page() -> str:
    """Return the page: a section for each tag of the contract, in its order."""
    paragraphs = [HEAD.rstrip()]
    for tag in BUNDLE["tags"]:
        paragraphs += [f"## {tag['name'].capitalize()}", tag["description"]]
        for path, item in BUNDLE["paths"].items():
            for method in METHODS:
                if method in item and item[method]["tags"] == [tag["name"]]:
                    paragraphs += section(path, method, item)
    return "\n\n".join(paragraphs) + "\n"


if __name__ == "__main__":
    print(page(), end="")
