"""Laws that every Database keeps: its schema, and what happens without its server."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from spike_contracts.builders import an_image
from spike_core.domain.errors import DatabaseUnavailable
from spike_core.ports.factories import Database


def _begin(database: Database) -> None:
    with database.transactions.begin():
        pass


def _view(database: Database) -> None:
    with database.transactions.view():
        pass


CALLS: Final[Sequence[Callable[[Database], object]]] = (
    lambda database: database.migrate(),
    lambda database: database.ping(),
    _begin,
    _view,
)


class DatabaseContract:
    """Needs the fixtures `database`, opened and empty, migrated or not, and `lost_database`, which is unavailable.

    The repositories have suites of their own, which need the fixture `transactions`; `SUITES["database"]` of
    `spike_contracts.suites` lists them all.
    """

    def test_a_migrated_database_answers(self, database: Database) -> None:
        database.migrate()
        database.ping()

    def test_migrating_again_changes_nothing(self, database: Database) -> None:
        image = an_image()
        database.migrate()
        with database.transactions.begin() as tx:
            tx.images.add(image)
        database.migrate()
        database.ping()
        with database.transactions.view() as tx:
            assert tx.images.get(image.id) == image

    def test_several_may_migrate_at_once(self, database: Database) -> None:
        errors: list[BaseException] = []

        def migrate() -> None:
            try:
                database.migrate()
            except BaseException as error:  # noqa: BLE001  # reported by the assertion
                errors.append(error)

        threads = [threading.Thread(target=migrate) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        database.ping()

    def test_an_idle_database_has_connections_left(self, database: Database) -> None:
        database.migrate()
        assert not database.is_exhausted

    def test_closing_twice_is_no_error(self, database: Database) -> None:
        database.close()
        database.close()

    @pytest.mark.parametrize("call", CALLS, ids=["migrate", "ping", "begin", "view"])
    def test_every_call_of_a_database_that_is_away_raises_its_error(
        self, lost_database: Database, call: Callable[[Database], object]
    ) -> None:
        """`DatabaseUnavailable`, not the error of a driver or of the operating system."""
        with pytest.raises(DatabaseUnavailable):
            call(lost_database)
