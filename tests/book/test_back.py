"""The back of the book: its glossary says every word once, its own citation is right."""

import re
import tomllib

import pytest
import yaml

from .sources import ROOT, Page

WORDS = ["activation", "backpropagation", "batch", "bias", "cache", "channel", "class"]
WORDS += ["convolution", "cross-entropy", "derivative", "epoch", "filter", "gradient", "im2col"]
WORDS += ["Jacobian", "kernel", "layer", "logit", "loss", "momentum", "one-hot", "overfitting"]
WORDS += ["padding", "parameter", "pooling", "stride"]
WORDS += ["feature map", "gradient check", "learning rate", "receptive field", "upstream gradient"]
WORDS += ["vector–Jacobian product"]


def entries() -> dict[str, str]:
    """The glossary's words with what it says of each."""
    (block,) = (b for b in Page.read("back/glossary").blocks if b.kind == "glossary")
    parts = re.split(r"(?m)^(?=\S)", block.body)
    pairs = (part.split("\n", 1) for part in parts if part.strip())
    return {word.strip(): " ".join(text.split()) for word, text in pairs}


def test_the_glossary_has_the_words_in_their_order() -> None:
    found = list(entries())
    assert set(WORDS) <= set(found)
    assert found == sorted(found, key=str.lower)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_said_in_few_sentences_and_leads_to_its_place(word: str) -> None:
    text = entries()[word]
    assert re.search(r"\{(doc|ref)\}`", text), "no way to where it is explained"
    assert 2 <= len(re.findall(r"[.:)](?= [A-Z(]|$)", text)) <= 6, text


def test_the_book_cites_itself_as_it_is() -> None:
    (block,) = (b for b in Page.read("back/references").blocks if b.kind == "bibtex")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for told in (config["title"], config["author"], str(config["copyright"]), version):
        assert told in block.body


def test_every_citation_has_its_source_once() -> None:
    source = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"(?m)^@\w+\{([^,\s]+),", source)
    assert len(keys) == len(set(keys)), "a source stands twice"
    texts = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "book").rglob("*.md")))
    cited = {
        k.strip() for c in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", texts) for k in c.split(",")
    }
    assert cited <= set(keys), f"cited and not listed: {cited - set(keys)}"
    assert cited >= set(keys), f"listed and not cited: {set(keys) - cited}"
