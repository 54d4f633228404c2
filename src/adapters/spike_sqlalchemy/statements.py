"""Execution of statements, shared by the repositories of one transaction."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from operator import methodcaller
from typing import Any, Final, TypeVar

from sqlalchemy import Dialect, String, Table, UpdateBase, bindparam, func, select

from spike_core.domain.errors import DatabaseUnavailable, InvariantViolated, SpikeError
from spike_core.domain.identifiers import Identifier
from spike_sqlalchemy.errors import translate
from spike_sqlalchemy.prepared_statements import (
    Expandable,
    Parameters,
    Prepared,
    Row,
    Statement,
    kept_expandable,
    rows_parameters,
    rows_upsert,
)
from spike_sqlalchemy.table_names import TableNames

IDS_PER_QUERY: Final = 500  # SQLite takes 32766 parameters in a statement, PostgreSQL 65535
NO_PARAMETERS: Final[Parameters] = {}
Value = TypeVar("Value")
_CURSOR: Final[Callable[[Any], Any]] = methodcaller("cursor")
_TURN: Final = func.hashtextextended(bindparam("turn", type_=String), 0)
_ADVISORY_LOCK: Final = Prepared(select(func.pg_advisory_xact_lock(_TURN)))
_SHARED_ADVISORY_LOCK: Final = Prepared(select(func.pg_advisory_xact_lock_shared(_TURN)))


class Statements:
    """Executes statements on one connection of a driver and translates errors."""

    __slots__ = ("_aborts", "_broken", "_cursor", "_dialect", "_driver", "_failed", "_names", "_options", "_writable")

    def __init__(
        self,
        driver: Any,
        *,
        dialect: Dialect,
        names: TableNames,
        writable: bool,
        cursor: Callable[[Any], Any] = _CURSOR,
    ) -> None:
        """Execute on the driver's connection, whose transaction the caller begins and ends."""
        self._cursor = cursor
        self._dialect = dialect
        self._driver: Any = driver
        self._names = names
        self._writable = writable
        self._broken = False
        # on PostgreSQL a statement that fails takes the transaction along, and a COMMIT after that rolls back without a
        # word; so what a port promises to refuse is refused without an error
        self._aborts = dialect.name == "postgresql"
        self._failed = False
        # psycopg would prepare what a connection executes for the sixth time
        self._options = {"prepare": True} if dialect.name == "postgresql" else {}

    def rows(self, statement: Prepared, parameters: Parameters) -> Sequence[Row]:
        """Return all rows of a query."""
        rows, _ = self._execute(statement, [parameters])
        return rows

    @property
    def dialect(self) -> Dialect:
        """The dialect of the connection."""
        return self._dialect

    @property
    def names(self) -> TableNames:
        """The names of the tables."""
        return self._names

    @contextmanager
    def tolerating_bytes(self) -> Iterator[None]:
        """Return text that isn't valid UTF-8 as bytes; SQLite's driver would fail. PostgreSQL refuses to store it."""
        if self._dialect.name != "sqlite":
            yield
            return
        factory, self._driver.text_factory = self._driver.text_factory, _text_or_bytes
        try:
            yield
        finally:
            self._driver.text_factory = factory

    def plain_rows(self, sql: str) -> Sequence[Row]:
        """Return all rows of a query in SQL, such as a PRAGMA, as the driver returns them."""
        self.check_sound()
        cursor = self._cursor(self._driver)
        try:
            cursor.execute(sql)
            return list(cursor.fetchall())
        except self._dialect.loaded_dbapi.Error as error:
            if known := self._translate(error):
                raise known from error
            raise
        finally:
            cursor.close()

    def plain_error(self, sql: str) -> str:
        """Execute a query in SQL within a savepoint, and return the first line of its error, if it has one."""
        cursor = self._cursor(self._driver)
        try:
            cursor.execute("SAVEPOINT attempt")
            try:
                cursor.execute(sql)
            except self._dialect.loaded_dbapi.Error as error:
                cursor.execute("ROLLBACK TO SAVEPOINT attempt")
                return str(error).partition("\n")[0]
            return ""
        finally:
            cursor.close()

    @property
    def is_writable(self) -> bool:
        """Whether this is no view."""
        return self._writable

    def locked_rows(self, statement: Prepared, parameters: Parameters) -> Sequence[Row]:
        """Return all rows of a query that locks them; in a view that is a bug."""
        self.check_writable()
        return self.rows(statement, parameters)

    def rows_of(
        self,
        statement: Statement,
        ids: Collection[Identifier],
        parameters: Parameters = NO_PARAMETERS,
        *,
        prepare: bool = True,
    ) -> Iterator[Row]:
        """Yield all rows of a query with an expanding parameter `ids`, asked in portions; nothing for no ids.

        With `prepare`, the database may keep a plan for any ids. That compares each row with each id wherever an index
        of another column finds the rows.
        """
        self.check_sound()
        kept = self._kept(statement)
        for portion in _portions([id_.text for id_ in ids]):
            given = {**parameters, "ids": portion}
            rows, _ = self._execute_expanded(kept, given, returns_rows=True, prepare=prepare)
            yield from rows

    def write(self, statement: Prepared, parameters: Parameters) -> int:
        """Execute an UPDATE or DELETE and return how many rows it hit; in a view that is a bug."""
        self.check_writable()
        _, hit = self._execute(statement, [parameters])
        return hit

    def write_all(self, statement: Prepared, parameters: Sequence[Parameters]) -> int:
        """Execute a statement for each of the parameters, if any; return how many rows were hit; a bug in a view."""
        self.check_writable()
        if not parameters:
            return 0
        _, hit = self._execute(statement, parameters)
        return hit

    def write_of(
        self, statement: UpdateBase, ids: Collection[Identifier], parameters: Parameters, *, prepare: bool = True
    ) -> int:
        """Execute an UPDATE or DELETE with an expanding parameter `ids`, in portions; return how many rows it hit.

        See `rows_of` for `prepare`.
        """
        self.check_writable()
        kept, hit = self._kept(statement), 0
        for portion in _portions([id_.text for id_ in ids]):
            hit += self._execute_expanded(kept, {**parameters, "ids": portion}, prepare=prepare)[1]
        return hit

    def written_rows_of(
        self, statement: UpdateBase, keys: Sequence[tuple[str, int]], parameters: Parameters
    ) -> Sequence[Row]:
        """Execute an UPDATE with an expanding parameter `keys`, in portions; return the rows that it tells of."""
        self.check_writable()
        kept, rows = self._kept(statement), list[Row]()
        for portion in _portions(keys):
            rows += self._execute_expanded(kept, {**parameters, "keys": portion}, returns_rows=True)[0]
        return rows

    def upsert_rows(self, table: Table, rows: Sequence[Parameters], *, key: Sequence[str], sets: Sequence[str]) -> None:
        """Store rows by one statement for each portion; see `rows_upsert`."""
        self.check_writable()
        for portion in _portions(rows):
            statement = rows_upsert(table, len(portion), self._dialect, self._names, key=key, sets=sets)
            self._execute_expanded(statement, rows_parameters(portion))

    def advisory_lock(self, what: str, whose: str) -> None:
        """Take an advisory lock until the end of the transaction, where there is no row to lock.

        On SQLite the write lock of the transaction suffices.
        """
        self._lock_advisory(_ADVISORY_LOCK, what, whose)

    def shared_advisory_lock(self, what: str, whose: str) -> None:
        """Take an advisory lock that keeps out those who call `advisory_lock` alone."""
        self._lock_advisory(_SHARED_ADVISORY_LOCK, what, whose)

    def check_writable(self) -> None:
        """Check that this is no view.

        Raises:
            InvariantViolated: it is one.
        """
        if not self._writable:
            raise InvariantViolated("a view is read-only")

    def check_sound(self) -> None:
        """Check that the transaction is still one.

        SQLite rolls back by itself when it is out of space; whatever is written after that would be stored at once.
        Continuing after an error that ends the transaction, such as a duplicate record, is a bug.

        Raises:
            DatabaseUnavailable: an earlier statement failed for want of a database.
            InvariantViolated: an earlier statement failed, and with it the transaction.
        """
        if self._broken:
            raise DatabaseUnavailable
        if self._failed:
            raise InvariantViolated("a transaction ends with its first failed statement")

    def _lock_advisory(self, statement: Prepared, what: str, whose: str) -> None:
        self.check_writable()
        if self._dialect.name == "postgresql":
            self.rows(statement, {"turn": self._names.table(f"{what} {whose}")})

    def _execute(self, statement: Prepared, parameters: Sequence[Parameters]) -> tuple[Sequence[Row], int]:
        self.check_sound()
        compiled = statement.compiled(self._dialect, self._names)
        cursor = self._cursor(self._driver)
        try:
            if len(parameters) == 1:
                cursor.execute(compiled.sql, compiled.arguments(parameters[0]), **self._options)
            else:
                cursor.executemany(compiled.sql, [compiled.arguments(each) for each in parameters])
            rows = compiled.converted(cursor.fetchall()) if compiled.returns_rows else ()
        except self._dialect.loaded_dbapi.Error as error:
            if known := self._translate(error):
                raise known from error
            raise
        else:
            return rows, cursor.rowcount
        finally:
            cursor.close()

    def _kept(self, statement: Statement) -> Expandable:
        return kept_expandable(statement, self._dialect, self._names)

    def _execute_expanded(
        self, statement: Expandable, parameters: Parameters, *, returns_rows: bool = False, prepare: bool = True
    ) -> tuple[Sequence[Row], int]:
        self.check_sound()
        sql, arguments = statement.expanded(parameters)
        options = {} if prepare or self._dialect.name != "postgresql" else {"prepare": False}
        cursor = self._cursor(self._driver)
        try:
            cursor.execute(sql, arguments, **options)
            rows = statement.converted(cursor.fetchall()) if returns_rows else ()
        except self._dialect.loaded_dbapi.Error as error:
            if known := self._translate(error):
                raise known from error
            raise
        else:
            return rows, cursor.rowcount
        finally:
            cursor.close()

    def _translate(self, error: Exception) -> SpikeError | None:
        known = translate(error)
        self._broken = isinstance(known, DatabaseUnavailable)
        self._failed = self._aborts
        return known


def _portions(parameters: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for start in range(0, len(parameters), IDS_PER_QUERY):
        yield parameters[start : start + IDS_PER_QUERY]


def _text_or_bytes(stored: bytes) -> str | bytes:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored
