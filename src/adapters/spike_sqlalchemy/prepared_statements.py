"""Prepared statements: written in SQLAlchemy Core, compiled once, run by the driver itself.

`Connection.execute` builds an execution context and a result for each call, which takes about four times as long as
SQLite takes for the statement. A request to enhance runs nine statements and would spend a third of its time there.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen
from sqlalchemy import Dialect, SelectBase, Table, UpdateBase, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from spike_sqlalchemy.table_names import Qualify, TableNames

Parameters = Mapping[str, object]
Row = Sequence[Any]
Statement = SelectBase | UpdateBase
Arguments = Sequence[object] | Mapping[str, object]

Processor = Callable[[Any], Any]


@frozen
class Compiled:
    """A statement as a driver wants it."""

    sql: str
    _names: Sequence[tuple[str, Processor | None]]  # of the parameters, in order, and what makes them storable
    _constants: Parameters  # parameters that are part of the statement
    _converted: Sequence[tuple[int, Processor]]  # places in a row, and what makes them Python's
    _positional: bool
    returns_rows: bool

    def arguments(self, parameters: Parameters) -> Arguments:
        """Return the parameters as the driver wants them."""
        given = {**self._constants, **parameters} if self._constants else parameters
        if self._positional:
            return [given[name] if process is None else process(given[name]) for name, process in self._names]
        return {name: given[name] if process is None else process(given[name]) for name, process in self._names}

    def converted(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows with Python's types."""
        if not self._converted:
            return rows
        return [_converted_row(row, self._converted) for row in rows]


def _converted_row(row: Row, converted: Sequence[tuple[int, Processor]]) -> Row:
    values = list(row)
    for place, process in converted:
        values[place] = process(values[place])
    return values


class Prepared:
    """A statement without parameters of variable length. Built at import, compiled at its first use."""

    def __init__(self, statement: Statement | Mapping[str, Statement], *, sets: Sequence[str] | None = None) -> None:
        """Prepare a statement, or one for each dialect; an UPDATE may name the columns that it sets."""
        self._statement = statement
        self._sets = sets
        self._compiled: dict[tuple[str, TableNames], Compiled] = {}

    def compiled(self, dialect: Dialect, names: TableNames) -> Compiled:
        """Return the statement for this dialect and these names of tables."""
        try:
            return self._compiled[dialect.name, names]
        except KeyError:  # two threads may both come here: they compile the same
            compiled = self._compiled[dialect.name, names] = self._compile(dialect, names)
            return compiled

    def _compile(self, dialect: Dialect, table_names: TableNames) -> Compiled:
        statement = self._statement[dialect.name] if isinstance(self._statement, Mapping) else self._statement
        compiled, qualify = table_names.compiled(statement, dialect, column_keys=self._sets)
        assert isinstance(compiled, SQLCompiler)
        assert not compiled.post_compile_params, "a list of variable length can't be prepared"
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        assert names is not None
        columns = list(statement.selected_columns) if isinstance(statement, SelectBase) else []
        converters = [(place, result_processor(column.type, dialect)) for place, column in enumerate(columns)]
        return Compiled(
            sql=qualify(compiled.string),
            names=[(name, _to_database(compiled.binds[name].type, dialect)) for name in names],
            constants={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
            converted=[(place, process) for place, process in converters if process is not None],
            positional=compiled.positional,
            returns_rows=isinstance(statement, SelectBase),
        )


@frozen
class Expandable:
    """A statement with parameters of variable length, compiled but for these."""

    _compiled: SQLCompiler
    _qualify: Qualify
    _processors: Mapping[str, Processor]  # of the parameters of one value
    _converted: Sequence[tuple[int, Processor]]

    def expanded(self, parameters: Parameters) -> tuple[str, Arguments]:
        """Return the statement and its arguments as the driver wants them."""
        state = self._compiled.construct_expanded_state(dict(parameters))
        processors: Mapping[str, Any] = {**self._processors, **state.processors}
        given = {
            name: processors[name](value) if name in processors else value for name, value in state.parameters.items()
        }
        sql = self._qualify(state.statement)
        return sql, given if state.positiontup is None else [given[name] for name in state.positiontup]

    def converted(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows with Python's types."""
        if not self._converted:
            return rows
        return [_converted_row(row, self._converted) for row in rows]


def expandable(statement: Statement, dialect: Dialect, names: TableNames) -> Expandable:
    """Compile a statement with parameters of variable length."""
    compiled, qualify = names.compiled(statement, dialect)
    assert isinstance(compiled, SQLCompiler)
    returned = list(statement.exported_columns)
    converters = [(place, result_processor(column.type, dialect)) for place, column in enumerate(returned)]
    binds = [(name, _to_database(bind.type, dialect)) for name, bind in compiled.binds.items() if not bind.expanding]
    return Expandable(
        compiled,
        qualify,
        {name: process for name, process in binds if process is not None},
        [(place, process) for place, process in converters if process is not None],
    )


kept_expandable = lru_cache(maxsize=256)(expandable)  # of the statements that modules define, by identity


def upsert(table: Table) -> Prepared:
    """Return the statement that stores a row or replaces the one with the same primary key.

    SQLite and PostgreSQL share the words, SQLAlchemy has a construct for each.
    """
    key = list(table.primary_key.columns)
    others = [column.name for column in table.columns if not column.primary_key]
    on_sqlite, on_postgresql = sqlite.insert(table), postgresql.insert(table)
    return Prepared(
        {
            "sqlite": on_sqlite.on_conflict_do_update(
                index_elements=key, set_={name: on_sqlite.excluded[name] for name in others}
            ),
            "postgresql": on_postgresql.on_conflict_do_update(
                index_elements=key, set_={name: on_postgresql.excluded[name] for name in others}
            ),
        }
    )


def counted_upsert(table: Table, *, adds: Sequence[str]) -> Prepared:
    """Return the statement that stores a row, or adds its columns `adds` to those of the row with the same key."""
    key = list(table.primary_key.columns)
    on_sqlite, on_postgresql = sqlite.insert(table), postgresql.insert(table)
    return Prepared(
        {
            "sqlite": on_sqlite.on_conflict_do_update(
                index_elements=key, set_={name: table.c[name] + on_sqlite.excluded[name] for name in adds}
            ),
            "postgresql": on_postgresql.on_conflict_do_update(
                index_elements=key, set_={name: table.c[name] + on_postgresql.excluded[name] for name in adds}
            ),
        }
    )


def insert_unless(table: Table, *, unique: Sequence[str] | None = None, sets: Sequence[str] | None = None) -> Prepared:
    """Return the statement that stores a row, or nothing where one is the same in the columns `unique`.

    Without `unique`, any unique columns count; without `sets`, all columns are given. It is a refusal without an
    error: on PostgreSQL that would end the transaction.
    """
    on_sqlite, on_postgresql = sqlite.insert(table).inline(), postgresql.insert(table).inline()
    return Prepared(
        {
            "sqlite": on_sqlite.on_conflict_do_nothing(index_elements=unique),
            "postgresql": on_postgresql.on_conflict_do_nothing(index_elements=unique),
        },
        sets=sets,
    )


@lru_cache(maxsize=8)  # full portions are of one length, and most others are of one row
def rows_upsert(
    table: Table, count: int, dialect: Dialect, names: TableNames, *, key: Sequence[str], sets: Sequence[str]
) -> Expandable:
    """Return one statement that stores so many rows; of one whose `key` is there, the columns in `sets` change.

    The columns in `key` must be unique together. `rows_parameters` returns its parameters.
    """
    rows = [
        {column.name: bindparam(f"{column.name}_{place}", type_=column.type) for column in table.columns}
        for place in range(count)
    ]
    if dialect.name == "sqlite":
        on_sqlite = sqlite.insert(table).values(rows)
        upserting: UpdateBase = on_sqlite.on_conflict_do_update(
            index_elements=key, set_={name: on_sqlite.excluded[name] for name in sets}
        )
    else:
        on_postgresql = postgresql.insert(table).values(rows)
        upserting = on_postgresql.on_conflict_do_update(
            index_elements=key, set_={name: on_postgresql.excluded[name] for name in sets}
        )
    return expandable(upserting, dialect, names)


def rows_parameters(rows: Sequence[Parameters]) -> Parameters:
    """Return the parameters of a statement of `rows_upsert` for these rows."""
    return {f"{name}_{place}": value for place, row in enumerate(rows) for name, value in row.items()}


def _to_database(type_: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)


def result_processor(type_: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    """Return what makes a driver's value Python's, if it has to be made."""
    return type_.dialect_impl(dialect).result_processor(dialect, None)
