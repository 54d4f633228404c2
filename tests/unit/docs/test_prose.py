"""`make check` reports the words of `docs/words.txt` in the paths of `PROSE`."""

import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[3]
WORDS: Final = [line.partition("->")[0] for line in (PROJECT / "docs/words.txt").read_text().splitlines()]


def reported(text: str, tmp_path: Path) -> str:
    """Return the output of the check's command for a page."""
    page = tmp_path / "page.md"
    page.write_text(text)
    dry_run = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/.dev", "prose", f"PROSE={page}", f"BIN={Path(sys.executable).parent}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    [command] = [line for line in dry_run.stdout.splitlines() if "/codespell" in line]
    done = subprocess.run(["sh", "-c", command], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stdout == ""), done.stderr
    return done.stdout


def test_each_word_of_the_list_and_a_misspelling_fail_the_check(tmp_path: Path) -> None:
    words = [*WORDS, "recieve"]  # codespell:ignore
    found = reported("".join(f"A sentence with {word} in it.\n" for word in words), tmp_path)
    missed = [word for line, word in enumerate(words, 1) if f"page.md:{line}: {word} ==>" not in found]
    assert missed == []


def test_plain_prose_and_quoted_names_pass(tmp_path: Path) -> None:
    assert reported("The worker renews its lease. The field `behaviour` is the API's.\n", tmp_path) == ""


def test_the_check_is_part_of_make_check() -> None:
    recipe = (PROJECT / "Makefile").read_text().partition("\ncheck:")[2].partition("\n\n")[0]
    assert "$(MAKE) --no-print-directory prose" in recipe
