"""Draw the Mermaid diagrams of docs/cloud.md as SVG files beside this one: `make diagrams`.

Each SVG carries the digest of what it was drawn from; a test tells when that has changed since.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "cloud.md"
DRAWN = re.compile(r"<!-- diagram: ([a-z]+) -->\n\n```mermaid\n(.*?)```\n", re.DOTALL)
HEAD = re.compile(r"<svg [^>]*>")
INLINE = "fill:#fff1e5 !important;stroke:#bc4c00 !important"
"""The class `new` of the page, which Mermaid writes into each shape; colours.css has it in both."""
VIEW = re.compile(r'viewBox="\S+ \S+ (\S+) (\S+)"')
NAME = re.compile(
    r'(<g class="cluster"[^>]*><rect [^>]*?x="([^"]+)"[^>]*?y="([^"]+)"[^>]*/>'
    r'<g class="cluster-label" transform="translate\()[^)]+\)'
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def sources() -> dict[str, str]:
    """Return the diagrams of the page by name."""
    return dict(DRAWN.findall(PAGE.read_text()))


def digest(source: str) -> str:
    """Return what tells a diagram, with the style it is drawn in, from any other."""
    style = [(HERE / name).read_text() for name in ("theme.json", "colours.css", "package.json")]
    return hashlib.sha256("\0".join([source, *style]).encode()).hexdigest()


def drawn_from(name: str) -> str | None:
    """Return the digest that the SVG of a diagram carries, None when there is none."""
    file = HERE / f"{name}.svg"
    found = (
        re.search(r"<!-- drawn from ([0-9a-f]{64}) -->", file.read_text())
        if file.exists()
        else None
    )
    return found[1] if found else None


def main() -> int:
    """Draw the diagrams that have changed."""
    for name, source in sources().items():
        if drawn_from(name) != digest(source):
            sys.stdout.write(f"{name}.svg\n")
            (HERE / f"{name}.svg").write_text(_finished(_draw(source), digest(source)))
    return 0


def _draw(source: str) -> str:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(
            f"draw.py needs one of {', '.join(BROWSERS)}; Debian: apt install chromium"
        )
    with tempfile.TemporaryDirectory() as directory:
        made, drawn, options = (Path(directory, name) for name in ("in.mmd", "out.svg", "options"))
        made.write_text(source)
        options.write_text(json.dumps({"executablePath": browser, "args": ["--no-sandbox"]}))
        command: list[str | Path] = [HERE / "node_modules" / ".bin" / "mmdc", "--quiet"]
        command += ["--configFile", HERE / "theme.json", "--puppeteerConfigFile", options]
        subprocess.run([*command, "--input", made, "--output", drawn], check=True)
        return drawn.read_text()


def _finished(svg: str, source: str) -> str:
    """Return the SVG in its own size, with the colours of the dark and the digest of its source.

    Names of boxes go to the left: in the middle arrows would cross them.
    """
    head = HEAD.findall(svg)[0]
    width, height = VIEW.findall(head)[0]
    sized = re.sub(r' (style|width)="[^"]*"', "", head).replace(
        "<svg ", f'<svg width="{float(width):.0f}" height="{float(height):.0f}" '
    )
    plain = svg.replace(INLINE, "")
    left = NAME.sub(lambda f: f"{f[1]}{float(f[2]) + 10:g}, {float(f[3]) + 4:g})", plain)
    # Behind Mermaid's own style, which it has to win over.
    end = f"<style>\n{(HERE / 'colours.css').read_text()}</style></svg>"
    whole = left.replace(head, sized, 1).rstrip().removesuffix("</svg>") + end
    return f"{whole}\n<!-- drawn from {source} -->\n"


if __name__ == "__main__":
    sys.exit(main())
