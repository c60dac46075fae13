"""How Sphinx makes the site of the documentation: from the same Markdown that the forge shows.

The source is the whole tree, so that links between docs/, bench/ and the files at the top stand as
they are. The navigation is what the README.md of a directory links to; see `navigation`. `make
docs` makes every warning an error, and a page that is in no navigation is one.
"""

import shutil
import sys
from html import escape
from pathlib import Path

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parent))
from navigation import with_navigation, without_directories

ROOT = Path(__file__).parents[2]

project = "sitewatt"
root_doc = "docs/README"
include_patterns = [
    "docs/**.md",
    "bench/**.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = ["**/node_modules", "build", ".venv*", "sitewatt-data"]
source_suffix = {".md": "markdown"}
nitpicky = True

extensions = ["myst_parser"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

html_theme = "furo"
html_title = "sitewatt"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}

MERMAID = ROOT / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
START = "docs/README.html"


class Mermaid(SphinxDirective):
    """A diagram in Mermaid, drawn in the browser by a script of the site's own.

    A script of the kind that pages opened as files may load; sphinxcontrib-mermaid makes a module.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the text of the diagram, which is what a browser without scripts shows."""
        text = escape("\n".join(self.content), quote=False)
        drawn = f'<pre class="mermaid">\n{text}\n</pre>'
        return [nodes.raw("", drawn, format="html", classes=["diagram"])]


def read_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Mend links to directories, and give a README.md its part of the navigation."""
    directory = Path(app.env.doc2path(docname)).parent
    source[0] = without_directories(source[0], directory)
    if docname.endswith("/README"):
        source[0] = with_navigation(source[0], is_first=docname == root_doc)


def add_mermaid(
    app: Sphinx, _: str, __: str, context: dict[str, object], doctree: nodes.document | None
) -> None:
    """Load the script on pages that have a diagram, and on no other: it has 3.5 MB."""
    drawn = () if doctree is None else doctree.findall(nodes.raw)
    if any("diagram" in node["classes"] for node in drawn):
        app.add_js_file("mermaid.min.js")
        app.add_js_file("draw.js")


def finish(app: Sphinx, error: Exception | None) -> None:
    """Lead from the directory to the first page, and add what draws the diagrams."""
    if error is None:
        static = Path(app.outdir, "_static")
        shutil.copy(MERMAID, static)
        refresh = f'<meta http-equiv="refresh" content="0; url={START}">'
        Path(app.outdir, "index.html").write_text(f"<!doctype html>{refresh}\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the above to Sphinx."""
    app.add_directive("mermaid", Mermaid)
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", read_source)
    app.connect("html-page-context", add_mermaid)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
