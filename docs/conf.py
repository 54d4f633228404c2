"""How Sphinx makes a site of these pages, which are plain Markdown and read well without it.

`make docs` builds it into `build/docs`. A warning is an error: a link without its page or heading, a page in no tree.
"""

import importlib.metadata
import os
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

project = "Spike"
author = "Spike's authors"
copyright = f"2026, {author}"  # noqa: A001  # Sphinx' own name for it
release = version = importlib.metadata.version("spike-core")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "sphinx.ext.napoleon"]
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
# Names of other projects are links only where their inventories may be fetched, which a build needs a network for.
_INVENTORIES: Final = {"python": "https://docs.python.org/3", "attrs": "https://www.attrs.org/en/stable"}
_LINKS_OUT: Final = bool(os.environ.get("DOCS_INTERSPHINX"))
intersphinx_mapping = {name: (url, None) for name, url in _INVENTORIES.items()} if _LINKS_OUT else {}
exclude_patterns = ["_*"]
root_doc = "index"
default_role = "code"  # of docstrings
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # names without a page of ours are text
suppress_warnings = ["misc.highlighting_failure"]  # samples of JSON with … in them

myst_heading_anchors = 6  # links go to a heading's slug, as on a code host

html_theme = "furo"
html_title = "Spike"
_STUDIO: Final = "../src/entrypoints/spike_http/studio"
html_logo = html_favicon = f"{_STUDIO}/icon.svg"
html_static_path = ["_static", f"{_STUDIO}/fonts"]
html_css_files = ["spike.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "xcode"
pygments_dark_style = "github-dark"
_FONT: Final = {"font-stack": "'Instrument Sans', system-ui, sans-serif"}
html_theme_options = {
    "light_css_variables": _FONT
    | {
        "color-brand-primary": "#6b4f00",
        "color-brand-content": "#6b4f00",
        "color-brand-visited": "#6b4f00",
        "color-background-primary": "#ffffff",
        "color-background-secondary": "#f6f6f4",
        "color-foreground-primary": "#171716",
        "color-foreground-secondary": "#5a5a55",
        "color-foreground-muted": "#5a5a55",
    },
    "dark_css_variables": _FONT
    | {
        "color-brand-primary": "#ffc61a",
        "color-brand-content": "#ffc61a",
        "color-brand-visited": "#ffc61a",
        "color-background-primary": "#131313",
        "color-background-secondary": "#1c1c1c",
        "color-foreground-primary": "#f3f3f0",
        "color-foreground-secondary": "#a8a8a3",
        "color-foreground-muted": "#a8a8a3",
    },
}


def _show_folders_as_text(app: Sphinx, doctree: nodes.document) -> None:
    """Take away links to folders and pages outside the site: a code host shows them, the site hasn't got them."""
    for link in list(doctree.findall(addnodes.pending_xref)):
        path = link["reftarget"].partition("#")[0]  # empty in a link to a heading of the same page
        page = Path(app.env.doc2path(app.env.docname))
        if link.get("reftype") == "myst" and path and (page.parent / path).exists():
            link.replace_self(link.children)


def _mend_for_assistive_technology(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None
) -> None:
    """Give captions the level that their role asks for, and let keys reach what is wider than the page."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')
    body = context.get("body", "").replace("<pre>", '<pre tabindex="0">')
    context["body"] = body.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')


def _leave_decisions_out_of_the_navigation(_app: Sphinx, env: BuildEnvironment) -> None:
    """Let only their own index list the decisions: they would be most of the navigation, on each page."""
    if decisions := env.tocs.get("decisions/index"):
        for tree in list(decisions.findall(addnodes.toctree)):
            tree.parent.remove(tree)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("doctree-read", _show_folders_as_text)
    app.connect("env-updated", _leave_decisions_out_of_the_navigation)
    app.connect("html-page-context", _mend_for_assistive_technology, priority=900)  # once the theme has drawn its tree
