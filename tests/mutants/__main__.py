"""Write the table of laws and mutants into docs/reference/contracts.md."""

from mutants.table import PAGE, text

PAGE.write_text(text(), encoding="utf-8")
