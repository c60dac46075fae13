"""The navigation: what the README.md of a directory links to, in its order and under its headings.

So a page has one line that the forge shows and the site turns into its sidebar. Only links to
Markdown count; of a README.md that is not the first page only those to its own directory and below.
"""

import re
from collections.abc import Iterator

_HEADING = re.compile(r"##+ (.+)")
_LINK = re.compile(r"\]\(([^():#]+)\.md\)")
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def with_navigation(page: str, *, is_first: bool) -> str:
    """Return the page with a hidden toctree for each of its headings that has links."""
    trees = [_toctree(caption, entries) for caption, entries in sections(page, is_first).items()]
    return "\n\n".join([page, *trees])


def sections(page: str, is_first: bool) -> dict[str, list[str]]:
    """Return the linked pages by heading, without `.md`, each once."""
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    for caption, entry in _links(_BLOCK.sub("", page)):
        if entry not in seen and (is_first or not entry.startswith("..")):
            seen.add(entry)
            found.setdefault(caption, []).append(entry)
    return found


def _links(page: str) -> Iterator[tuple[str, str]]:
    caption = ""
    for line in page.splitlines():
        if heading := _HEADING.match(line):
            caption = heading[1]
        for entry in _LINK.findall(line):
            yield caption, entry


def _toctree(caption: str, entries: list[str]) -> str:
    named = f":caption: {caption}\n" if caption else ""
    return "```{toctree}\n:hidden:\n" + named + "\n" + "\n".join(entries) + "\n```\n"
