"""What README shows before anything else: one sentence, one picture, two commands, one curl, one embedding example."""

import re
from typing import Final

from markdown_it import MarkdownIt

from documents import PROJECT, blocks

README: Final = PROJECT / "README.md"
LINES_MAX: Final = 45  # of a screen


def test_the_first_screen_is_a_sentence_a_picture_two_commands_a_curl_and_an_example() -> None:
    """And nothing else but the title and a mark that readers don't see."""
    text = README.read_text(encoding="utf-8").partition("\n## ")[0]
    assert len(text.splitlines()) <= LINES_MAX
    kinds = [(token.type, token.content) for token in MarkdownIt("commonmark").parse(text)]
    inline = [content for kind, content in kinds if kind == "inline"]
    [title, sentence, picture] = inline
    assert title == "Spike"
    assert re.fullmatch(r"\*\*[^.]+\.\*\*", sentence)
    assert re.fullmatch(r"!\[.+\]\(docs/images/\S+\)", picture)
    assert [kind for kind, _ in kinds if kind in {"bullet_list_open", "table_open", "blockquote_open"}] == []
    [commands, curl, example] = [content for kind, content in kinds if kind == "fence"]
    assert re.findall(r"^(\S+ \S+)", commands, re.MULTILINE) == ["make run", "make test"]
    assert len(curl.splitlines()) == 1
    assert curl.startswith("curl ")
    assert "from spike_runtime import" in example
    assert [block.language for block in blocks(README)] == ["sh", "sh", "python"]
