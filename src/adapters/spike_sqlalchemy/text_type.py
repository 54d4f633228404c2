"""The type of all columns of text."""

from typing import Final

from sqlalchemy import String

TEXT: Final = String().with_variant(String(collation="C"), "postgresql")
"""Compared by code points, as SQLite and Python do.

PostgreSQL's default is the order of a language, as the operating system knows it. Where an upgrade of that changes the
order, indexes go wrong and unique ones let duplicates in.
"""
