"""The races of `spike_contracts` on SQLite and PostgreSQL; the fixture `transactions` is defined in this folder."""

from spike_contracts.races import RacesContract


class TestSqlAlchemyRaces(RacesContract):
    """The fixture is defined in this folder."""
