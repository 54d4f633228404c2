"""The transactions port: repositories exist only on a transaction."""

from contextlib import AbstractContextManager
from typing import Protocol

from spike_core.ports.accounts import Accounts
from spike_core.ports.album_order import AlbumOrder
from spike_core.ports.albums import Albums
from spike_core.ports.api_keys import ApiKeys
from spike_core.ports.census import Census
from spike_core.ports.chores import Chores
from spike_core.ports.images import Images
from spike_core.ports.job_lists import JobLists
from spike_core.ports.jobs import Jobs
from spike_core.ports.ledger import Ledger
from spike_core.ports.outbox import Outbox
from spike_core.ports.overdue import OverdueJobs
from spike_core.ports.receipts import Receipts
from spike_core.ports.removals import Removals
from spike_core.ports.sessions import Sessions
from spike_core.ports.tallies import Tallies
from spike_core.ports.turns import Turns
from spike_core.ports.wallets import Wallets


class Transaction(Protocol):
    """One unit of work: what is written through its repositories is stored together or not at all."""

    @property
    def wallets(self) -> Wallets:
        """The wallets."""

    @property
    def ledger(self) -> Ledger:
        """The ledgers."""

    @property
    def images(self) -> Images:
        """The images."""

    @property
    def jobs(self) -> Jobs:
        """The jobs."""

    @property
    def job_lists(self) -> JobLists:
        """The jobs, by what they have in common."""

    @property
    def overdue(self) -> OverdueJobs:
        """The jobs that a sweeper looks for."""

    @property
    def turns(self) -> Turns:
        """The jobs that wait for their turn."""

    @property
    def removals(self) -> Removals:
        """The images on their way out."""

    @property
    def albums(self) -> Albums:
        """The albums."""

    @property
    def album_order(self) -> AlbumOrder:
        """The places of images in albums."""

    @property
    def accounts(self) -> Accounts:
        """The accounts."""

    @property
    def sessions(self) -> Sessions:
        """The sessions."""

    @property
    def api_keys(self) -> ApiKeys:
        """The API keys."""

    @property
    def outbox(self) -> Outbox:
        """The messages to the worker queue."""

    @property
    def chores(self) -> Chores:
        """The latest rounds of what is done now and then."""

    @property
    def receipts(self) -> Receipts:
        """The receipts of requests."""

    @property
    def tallies(self) -> Tallies:
        """Numbers over everything."""

    @property
    def census(self) -> Census:
        """Everything, page by page."""


class Transactions(Protocol):
    """Begins transactions. No network call and no image work belongs inside one."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that commits on a clean exit and rolls back on any exception.

        Raises:
            DatabaseUnavailable: the database can't be reached, or stays locked.
        """

    def view(self) -> AbstractContextManager[Transaction]:
        """Begin a read-only snapshot that blocks no writer and isn't blocked by one.

        Writing through it is a bug and fails an assertion.

        Raises:
            DatabaseUnavailable: the database can't be reached.
        """
