"""The beginning of README: one sentence, one picture, two commands, one curl line, one embedding example."""

import re
import tomllib
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt

from documents import PROJECT, blocks

README: Final = PROJECT / "README.md"
SOURCE: Final[str] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["urls"]["Source"]
LINES_MAX: Final = 45  # of a screen


def test_the_first_screen_is_a_sentence_a_picture_two_commands_a_curl_and_an_example() -> None:
    """And nothing else but the title and an invisible marker."""
    text = README.read_text(encoding="utf-8").partition("\n## ")[0]
    assert len(text.splitlines()) <= LINES_MAX
    kinds = [(token.type, token.content) for token in MarkdownIt("commonmark").parse(text)]
    inline = [content for kind, content in kinds if kind == "inline"]
    [title, sentence, picture] = inline
    assert title == "Spike"
    assert re.fullmatch(r"\*\*[^.]+\.\*\*", sentence)
    assert re.fullmatch(r"!\[.+\]\[picture\]", picture)
    assert [kind for kind, _ in kinds if kind in {"bullet_list_open", "table_open", "blockquote_open"}] == []
    [commands, curl, example] = [content for kind, content in kinds if kind == "fence"]
    assert re.findall(r"^(\S+ \S+)", commands, re.MULTILINE) == ["make run", "make test"]
    assert len(curl.splitlines()) == 1
    assert curl.startswith("curl ")
    assert "from spike import" in example
    assert [block.language for block in blocks(README)] == ["sh", "sh", "python"]


def targets() -> Iterator[str]:
    """Yield the targets of links and pictures."""
    for token in MarkdownIt("commonmark").parse(README.read_text(encoding="utf-8")):
        for child in token.children or ():
            if address := child.attrs.get("href") or child.attrs.get("src"):
                yield str(address)


def test_every_link_is_absolute_and_names_an_existing_file() -> None:
    """The package index shows README too, without the files beside it. Pictures need the address of their raw bytes."""
    for target in targets():
        kind, _, path = target.removeprefix(f"{SOURCE}/").partition("/main/")
        assert target.startswith(f"{SOURCE}/"), f"{target} isn't an absolute link into the project"
        file = PROJECT / path.partition("#")[0]
        expected = "tree" if file.is_dir() else "raw" if file.suffix == ".jpg" else "blob"
        assert file.exists(), f"{target} names no file"
        assert kind == expected, target


def test_no_reference_is_left_unresolved() -> None:
    text = "\n".join(
        child.content
        for token in MarkdownIt("commonmark").parse(README.read_text(encoding="utf-8"))
        for child in token.children or ()
        if child.type == "text"
    )
    assert "][" not in text
