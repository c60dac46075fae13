"""What the pages' links mean on the site.

The navigation is what the README.md of a directory links to, in its order and under its headings.
So a page has one line, which the forge shows and the site turns into its sidebar. Only links to
Markdown count; of the first page those under a heading, of the README.md of another directory those
to pages in it and below.
"""

import re
from collections.abc import Iterator
from pathlib import Path

_HEADING = re.compile(r"##+ (.+)")
_LINK = re.compile(r"\]\(([^():#]+)\.md\)")
CODE_LINK = re.compile(r"\[`([\w.]+)`\]\(([\w./]+\.py)\)")
"""A link to something by name in a Python file; a test looks whether it is there."""

_ANY_LINK = re.compile(r"\[([^\]]*)\]\(([\w./-]+)\)")
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
        belongs = caption if is_first else not entry.startswith("..")
        if entry not in seen and belongs:
            seen.add(entry)
            found.setdefault(caption, []).append(entry)
    return found


def without_directories(page: str, directory: Path) -> str:
    """Return a page of a directory with its links to directories as links to their README.md.

    The forge shows a directory; a site has none, and what has no README.md has no page there.
    """

    def led(link: re.Match[str]) -> str:
        text, target = link.groups()
        if not (directory / target).is_dir():
            return link[0]
        has_page = (directory / target / "README.md").is_file()
        return f"[{text}]({target.rstrip('/')}/README.md)" if has_page else text

    return _ANY_LINK.sub(led, page)


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
