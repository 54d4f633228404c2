"""Names of Spike's tables in a database that holds others' tables, too: a schema, a prefix, or both.

Tables are written without them everywhere. Statements get them when they are compiled, once, and migrations when they
are sent (`migrations/op.py`). Without a schema and a prefix the SQL is what SQLAlchemy makes of the tables.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from zlib import crc32

from attrs import field, frozen, validators
from sqlalchemy import Dialect
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.sql.elements import ClauseElement

from spike_core.domain.errors import InvalidValue
from spike_sqlalchemy.tables import METADATA

NAME_MAX: Final = 24  # characters; PostgreSQL cuts names off at 63, and ours have up to 38
VERSION_TABLE: Final = "spike_version"  # alembic's; the app's own may be called `alembic_version`
_PLAIN: Final = re.compile(rf"[a-z_][a-z0-9_]{{0,{NAME_MAX - 1}}}")
_KIND: Final = re.compile(r"(ix|uq|ck|pk|fk)_")  # of an index or a constraint
_MARKED: Final = re.compile(r"\[(\w+)\]")
# stands for the schema while a statement is compiled, in the mechanism that SQLAlchemy has for names of schemas
_PLACEHOLDER: Final = "spike_placeholder"
_TRANSLATED: Final[Mapping[str, Any]] = {
    "schema_translate_map": {None: _PLACEHOLDER},
    "render_schema_translate": True,
}
_TABLES: Final = frozenset({*METADATA.tables, VERSION_TABLE})

Qualify = Callable[[str], str]


@frozen(kw_only=True, cache_hash=True)
class TableNames:
    """Where Spike's tables are, and what their names begin with."""

    schema: str = field(default="", validator=validators.instance_of(str))
    prefix: str = field(default="", validator=validators.instance_of(str))

    def __attrs_post_init__(self) -> None:
        """Check that both are plain names, which need no quotes."""
        for what, name in (("the schema", self.schema), ("the table prefix", self.prefix)):
            if name and not _PLAIN.fullmatch(name):
                rule = f"must be 1 to {NAME_MAX} lower-case letters, digits and _, and begin with no digit"
                raise InvalidValue(what=what, rule=rule)

    @property
    def is_default(self) -> bool:
        """Whether tables have their own names, and no schema."""
        return not self.schema and not self.prefix

    def table(self, name: str) -> str:
        """Return the name of a table in SQL."""
        return self._qualifier + name

    def unqualified(self, name: str) -> str:
        """Return the name of an index, a constraint, a trigger, a function, or of a table without its schema.

        The prefix follows the kind: `ix_jobs_waiting` is `ix_app_jobs_waiting`.
        """
        kind = _KIND.match(name)
        return self.prefix + name if kind is None else f"{kind[0]}{self.prefix}{name[kind.end() :]}"

    def resolved(self, sql: str) -> str:
        """Return a statement with names for what is marked: `[jobs]`, `[ix_jobs_waiting]`."""
        return _MARKED.sub(lambda marked: self._resolved(marked[1]), sql)

    def compiled(self, statement: ClauseElement, dialect: Dialect, **options: Any) -> tuple[Compiled, Qualify]:
        """Compile a statement; what else it returns puts the names into the statement's text."""
        if self.is_default:
            return statement.compile(dialect=dialect, **options), str
        return statement.compile(dialect=dialect, **options, **_TRANSLATED), self._qualified

    def advisory_lock(self, key: int) -> int:
        """Return a number of a lock on the whole database, which others have for tables of other names."""
        return key if self.is_default else key ^ crc32(f"{self.schema}/{self.prefix}".encode())

    @property
    def _qualifier(self) -> str:
        return f'"{self.schema}".{self.prefix}' if self.schema else self.prefix

    def _resolved(self, name: str) -> str:
        return self.table(name) if name in _TABLES else self.unqualified(name)

    def _qualified(self, sql: str) -> str:
        return sql.replace(f"{_PLACEHOLDER}.", self._qualifier)


DEFAULT_NAMES: Final = TableNames()
