"""Reading rows one by one, so that one that holds no valid value is reported and the others are read."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, Generic, Self, TypeVar

from attrs import field, frozen
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Integer,
    LargeBinary,
    String,
    Table,
    type_coerce,
)
from sqlalchemy.types import NullType

from spike_core.domain.errors import DatabaseUnavailable
from spike_core.domain.invariants import check_identifiers
from spike_core.ports.audit import AuditPage, UnreadableRow
from spike_sqlalchemy.prepared_statements import Processor, Row, result_processor
from spike_sqlalchemy.utc import UtcDateTime

Value = TypeVar("Value")

_STORED: Final[Sequence[tuple[type, tuple[type, ...], str]]] = (
    (String, (str,), "text"),
    (Boolean, (bool, int), "a boolean"),
    (UtcDateTime, (int,), "a time"),
    (BigInteger, (int,), "a whole number"),
    (Integer, (int,), "a whole number"),
    (LargeBinary, (bytes,), "bytes"),
)


def raw(table: Table) -> list[ColumnElement[Any]]:
    """Return the table's columns without their types, for a query of values as the driver returns them."""
    return [type_coerce(column, NullType()).label(column.name) for column in table.columns]


@frozen
class TolerantReader(Generic[Value]):
    """Reads the rows of one table, selected by `raw`."""

    table: Table
    value_of: Callable[[Row], Value]
    checksum_of: Callable[[Value], bytes] | None = field(default=None, kw_only=True)

    def page(self, dialect: Dialect, rows: Sequence[Row]) -> AuditPage[Value, Any]:
        """Return a page of these rows, without the position of the next."""
        values: list[Value] = []
        unreadable: list[UnreadableRow] = []
        changed: list[str] = []
        for row in rows:
            try:
                value = self._value(dialect, row)
            except DatabaseUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  # whatever the domain says to an invalid value
                unreadable.append(self._unreadable(row, error))
                continue
            values.append(value)
            if self.checksum_of is not None:
                stored = row[self.table.columns.keys().index("checksum")]
                if stored is not None and bytes(stored) != self.checksum_of(value):
                    changed.append(self.key(row))
        return AuditPage(rows=values, unreadable=unreadable, changed=frozenset(changed))

    def key(self, row: Row) -> str:
        """Return a row's primary key, its parts joined by slashes."""
        return "/".join(
            _shown(value) for column, value in zip(self.table.columns, row, strict=True) if column.primary_key
        )

    def _value(self, dialect: Dialect, row: Row) -> Value:
        converted: list[Any] = []
        for column, value in zip(_columns(self.table, dialect), row, strict=True):
            if value is None:
                if not column.nullable:
                    raise TypeError(f"{column.name} is missing")
            elif type(value) not in column.types:
                raise TypeError(f"{column.name} isn't {column.expected}")
            converted.append(value if column.process is None else column.process(value))
        read = self.value_of(converted)
        check_identifiers(read)
        return read

    def _unreadable(self, row: Row, error: Exception) -> UnreadableRow:
        columns = zip(self.table.columns, row, strict=True)
        ids = [value for column, value in columns if column.name == "id" or column.name.endswith("_id")]
        return UnreadableRow(
            table=self.table.name,
            key=self.key(row),
            ids=frozenset(value for value in ids if isinstance(value, str)),
            reason=f"{error}" or type(error).__name__,
        )


@frozen
class _StoredColumn:
    """How a column's values are stored, which SQLite doesn't enforce, and what makes them Python's."""

    name: str
    nullable: bool
    types: Sequence[type]
    expected: str
    process: Processor | None

    @classmethod
    def of(cls, column: Column[Any], dialect: Dialect) -> Self:
        types, expected = next((types, text) for kind, types, text in _STORED if isinstance(column.type, kind))
        return cls(column.name, bool(column.nullable), types, expected, result_processor(column.type, dialect))


@lru_cache(maxsize=64)
def _columns(table: Table, dialect: Dialect) -> Sequence[_StoredColumn]:
    return [_StoredColumn.of(column, dialect) for column in table.columns]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
