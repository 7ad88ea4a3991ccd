"""What a changed page changes on others: which pages are read anew with it, which are written.

Numbers, titles, names and the way through the chapters are the book's, not a page's. While all of
them stay as they were, a page whose text is the same would be written as it stands already. When
one changes, all pages are written, for it may stand in any.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docutils import nodes

from .reference import Chapters

DOMAINS = {"std": ("labels", "anonlabels", "objects", "terms", "progoptions"), "math": ("objects",)}
DOMAINS |= {"py": ("objects", "modules")}


def plain(value: Any) -> Any:
    """A value as text that is the same for equal values, whatever their order in memory.

    >>> plain({"b": {2, 1}, "a": (1, None)})
    "{'a': (1, None), 'b': {1, 2}}"
    """
    if isinstance(value, nodes.Node):
        return value.pformat()
    if isinstance(value, dict):
        pairs = sorted((plain(key), plain(item)) for key, item in value.items())
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(plain, value))) + "}"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(map(plain, value)) + ")"
    return repr(value)


def digest(value: Any) -> str:
    """A short name of a value."""
    return hashlib.sha256(plain(value).encode()).hexdigest()


# ---------------------------------------------------------------- what is written anew


def shared(env: Any) -> dict[str, Any]:
    """All that pages show of each other, once every page is read and numbered."""
    facts: dict[str, Any] = {
        name: getattr(env, name)
        for name in (
            "titles",
            "longtitles",
            "tocs",
            "toc_num_entries",
            "toc_secnumbers",
            "toc_fignumbers",
            "toctree_includes",
        )
    }
    for domain, names in DOMAINS.items():
        facts |= {f"{domain} {name}": env.domaindata[domain].get(name) for name in names}
    cited = env.domaindata.get("cite", {}).get("citations", [])
    facts["cited"] = [(c.citation_id, c.bibliography_key.docname, c.key) for c in cited]
    facts["labels"] = [c.formatted_entry.label for c in cited]
    return facts


def rewrite(app: Any, env: Any) -> list[str]:
    """Every page, if anything changed that pages share."""
    now = digest(shared(env))
    before = getattr(env, "press_shared", None)
    env.press_shared = now
    return [] if before == now else sorted(env.found_docs)


# ---------------------------------------------------------------- what is read anew


def chapters(env: Any) -> Any:
    """What the API reference looks up in the chapters: titles, sections and equations."""
    return {
        title: (name, re.findall(r"(?m)^##+ (.+)$|\((eq-[\w-]+)\)", text))
        for title, (name, text) in Chapters(env).pages.items()
    }


def contents(env: Any) -> Any:
    """What the first page tells of the others."""
    from course_nn import page

    with contextlib.chdir(env.srcdir):
        return page.contents(Path(env.config.external_toc_path)).data


# What a page holds that looks into the text of other pages, and what it sees there.
LOOKS: dict[str, Callable[[Any], Any]] = {"{api}": chapters, "page.contents(": contents}


def reread(app: Any, env: Any, added: set, changed: set, removed: set) -> list[str]:
    """The pages that look into others and would see another thing."""
    seen = {mark: digest(look(env)) for mark, look in LOOKS.items()}
    before = getattr(env, "press_seen", {})
    env.press_seen = seen
    marks = [mark for mark in LOOKS if before.get(mark) != seen[mark]]
    return sorted(
        name
        for name in env.found_docs
        if any(mark in Path(env.doc2path(name)).read_text(encoding="utf-8") for mark in marks)
    )


# ---------------------------------------------------------------- what is left over


def tidy(app: Any, problem: Exception | None) -> None:
    """Remove what no page shows any more."""
    if problem or app.builder.format != "html":
        return
    known = {name for _, name in app.env.images.values()}
    for path in Path(app.outdir, app.builder.imagedir).glob("*"):
        if path.name not in known:
            path.unlink()
    forget(Path(app.outdir, "searchindex.js"), app.builder.indexer_format)


def forget(index: Path, form: Any) -> None:
    """Remove from the search's index the words that no page says."""
    said = form.loads(index.read_text(encoding="utf-8"))
    for terms in (said["terms"], said["titleterms"]):
        for word in [word for word, where in terms.items() if where == []]:
            del terms[word]
    index.write_text(form.dumps(said), encoding="utf-8")


def setup(app: Any) -> None:
    """Connect to Sphinx's events: what is written is known when all is numbered, and not before."""
    app.connect("env-get-outdated", reread, priority=900)
    app.connect("env-get-updated", rewrite, priority=900)
    app.connect("build-finished", tidy)
