"""Pages: what Sphinx has made of a chapter, on its way into the file."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from . import docstrings, drawings, lines


def finish(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Finish the body of a page."""
    body = context.get("body")
    if app.builder.format != "html" or not body:
        return
    files = {file: Path(app.srcdir, path) for path, file in app.builder.images.items()}

    def read(image: str) -> str | None:
        path = files.get(image)
        return path.read_text(encoding="utf-8") if path and path.is_file() else None

    body = drawings.placed(body, read)
    body = lines.wrapped(docstrings.folded(body))
    context["body"] = named(body)


def named(body: str) -> str:
    """A page whose folds and tables say what they are."""
    # The two titles of a fold are its name; another one would hide them. They are words, no blocks.
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    body = TITLE.sub(r"<span \1</span>", body)
    # No line begins with the comma behind a formula.
    body = HELD.sub(r'<span class="nn-held">\1\2</span>', body)
    # The number of a formula is no stop of the Tab key.
    body = re.sub(r'(<span class="eqno">.*?<a )(class="headerlink")', r'\1tabindex="-1" \2', body)
    # A list has items.
    body = re.sub(r'(<div class="citation"[^>]*role=")doc-biblioentry"', r'\1listitem"', body)
    # The arguments of a signature are no list of terms.
    body = SIGNATURE.sub(arguments, body)
    # The corner of a table heads nothing.
    body = re.sub(r'<th class="(head[^"]*)"><p></p></th>', r'<td class="\1"></td>', body)
    return re.sub(r"<th([^>]*)>\s*(<p>\s*</p>)?\s*</th>", r"<td\1></td>", body)


TITLE = re.compile(r'<p (class="(?:collapsed|expanded) admonition-title">[^<]*)</p>')
HELD = re.compile(r'(<span class="math [^>]*>[^<]*</span>)([.,;:!?)\]’”]+)')
SIGNATURE = re.compile(r'<dl>\s*((?:<dd><em class="sig-param">.*?</dd>\s*)+)</dl>', re.S)


def arguments(signature: re.Match[str]) -> str:
    """The arguments of a signature that fills several lines, a line each."""
    lines = signature[1].replace("<dd>", "<span>").replace("</dd>", "</span>")
    return f'<span class="nn-arguments">{lines}</span>'


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build, after all who change a page's context."""
    app.connect("html-page-context", finish, priority=900)
