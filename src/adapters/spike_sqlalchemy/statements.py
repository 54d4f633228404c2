"""What the repositories of one transaction share: its connection, and whether they may write."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Dialect, Executable, UpdateBase
from sqlalchemy.exc import SQLAlchemyError

from spike_core.domain.errors import DatabaseUnavailable, SpikeError
from spike_core.domain.identifiers import Identifier
from spike_sqlalchemy.errors import translate
from spike_sqlalchemy.prepared import Parameters, Prepared, Row

IDS_PER_QUERY: Final = 500  # SQLite takes 32766 parameters in a statement, PostgreSQL 65535
NO_PARAMETERS: Final[Parameters] = {}


class Statements:
    """Executes statements on one connection and translates what goes wrong."""

    __slots__ = ("_broken", "_connection", "_dialect", "_driver", "_writable")

    def __init__(self, connection: Connection, *, writable: bool) -> None:
        """Execute on `connection`; the caller begins and ends its transaction."""
        self._connection = connection
        self._dialect = connection.dialect
        self._driver: Any = connection.connection.driver_connection
        self._writable = writable
        self._broken = False

    def begin(self, sql: str) -> None:
        """Begin the transaction, where the driver doesn't do it by itself."""
        self._control(sql)

    def rows(self, statement: Prepared, parameters: Parameters) -> Sequence[Row]:
        """Return all rows of a query."""
        rows, _ = self._execute(statement, [parameters])
        return rows

    def locked_rows(self, statement: Prepared, parameters: Parameters) -> Sequence[Row]:
        """Return all rows of a query that locks them; in a view that is a bug."""
        self.check_writable()
        return self.rows(statement, parameters)

    def rows_of(
        self, statement: Executable, ids: Collection[Identifier], parameters: Parameters = NO_PARAMETERS
    ) -> Iterator[Row]:
        """Yield all rows of a query with an expanding parameter `ids`, asked in portions; nothing for no ids."""
        self.check_sound()
        texts = [id_.text for id_ in ids]
        try:
            for start in range(0, len(texts), IDS_PER_QUERY):
                portion = {**parameters, "ids": texts[start : start + IDS_PER_QUERY]}
                yield from self._connection.execute(statement, portion).all()
        except SQLAlchemyError as error:
            if known := self._translate(error):
                raise known from error
            raise

    def write(self, statement: Prepared, parameters: Parameters) -> int:
        """Execute an UPDATE or DELETE and return how many rows it hit; in a view that is a bug."""
        self.check_writable()
        _, hit = self._execute(statement, [parameters])
        return hit

    def write_all(self, statement: Prepared, parameters: Sequence[Parameters]) -> None:
        """Execute a statement for each of the parameters, if any; in a view that is a bug."""
        self.check_writable()
        if parameters:
            self._execute(statement, parameters)

    def write_of(self, statement: UpdateBase, ids: Collection[Identifier], parameters: Parameters) -> int:
        """Execute an UPDATE or DELETE with an expanding parameter `ids`, in portions; return how many rows it hit."""
        self.check_writable()
        texts = [id_.text for id_ in ids]
        portions = [texts[start : start + IDS_PER_QUERY] for start in range(0, len(texts), IDS_PER_QUERY)]
        return sum(self._execute_built(statement, {**parameters, "ids": portion}) for portion in portions)

    def written_rows_of(
        self, statement: UpdateBase, keys: Sequence[tuple[str, int]], parameters: Parameters
    ) -> Sequence[Row]:
        """Execute an UPDATE with an expanding parameter `keys`, in portions; return the rows that it tells of."""
        self.check_writable()
        rows: list[Row] = []
        for start in range(0, len(keys), IDS_PER_QUERY):
            portion = {**parameters, "keys": keys[start : start + IDS_PER_QUERY]}
            with self._executed(statement, portion) as result:
                rows += result.all()
        return rows

    def write_rows(
        self, built: Callable[[Dialect, Sequence[Parameters]], UpdateBase], rows: Sequence[Parameters]
    ) -> None:
        """Execute a statement that is built for many rows at once, in portions; nothing for no rows."""
        self.check_writable()
        for start in range(0, len(rows), IDS_PER_QUERY):
            self._execute_built(built(self._dialect, rows[start : start + IDS_PER_QUERY]), NO_PARAMETERS)

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """Undo what is written in this context, and only that, when it ends with an exception."""
        self._control("SAVEPOINT undone_on_error")
        try:
            yield
        except BaseException:
            if not self._broken:  # else all is undone already, the savepoint too
                self._control("ROLLBACK TO undone_on_error")
                self._control("RELEASE undone_on_error")
            raise
        self._control("RELEASE undone_on_error")

    def check_writable(self) -> None:
        """Assert that this is no view."""
        assert self._writable, "a view is read-only"

    def check_sound(self) -> None:
        """Check that the transaction is still one.

        SQLite rolls back by itself when it is out of space; whatever is written after that would be stored at once.

        Raises:
            DatabaseUnavailable: an earlier statement failed for want of a database.
        """
        if self._broken:
            raise DatabaseUnavailable

    def _execute(self, statement: Prepared, parameters: Sequence[Parameters]) -> tuple[Sequence[Row], int]:
        self.check_sound()
        compiled = statement.compiled(self._dialect)
        cursor = self._driver.cursor()
        try:
            if len(parameters) == 1:
                cursor.execute(compiled.sql, compiled.arguments(parameters[0]))
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

    def _execute_built(self, statement: UpdateBase, parameters: Parameters) -> int:
        with self._executed(statement, parameters) as result:
            return result.rowcount

    @contextmanager
    def _executed(self, statement: UpdateBase, parameters: Parameters) -> Iterator[CursorResult[Any]]:
        self.check_sound()
        try:
            yield self._connection.execute(statement, parameters)
        except SQLAlchemyError as error:
            if known := self._translate(error):
                raise known from error
            raise

    def _control(self, sql: str) -> None:
        cursor = self._driver.cursor()
        try:
            cursor.execute(sql)
        except self._dialect.loaded_dbapi.Error as error:
            if known := self._translate(error):
                raise known from error
            raise
        finally:
            cursor.close()

    def _translate(self, error: Exception) -> SpikeError | None:
        known = translate(error)
        self._broken = isinstance(known, DatabaseUnavailable)
        return known
