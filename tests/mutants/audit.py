"""Mutants of the audit's reader."""

from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, returning, with_arguments
from spike_contracts.audit import AuditReaderContract as Audit
from spike_core.domain.albums import AlbumCount
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.statistics import RefundStatistics
from spike_core.domain.usage import Usage
from spike_core.ports.audit import AuditPage, Damage
from spike_memory.audit import MemoryAuditReader


def _of_few(wallets_among: Any, audit: MemoryAuditReader, owner_ids: Any) -> Any:
    return wallets_among(audit, list(owner_ids)[:1000])


def _reversed_page(page: Any, audit: MemoryAuditReader, **asked: Any) -> Any:
    found = page(audit, **asked)
    return evolve(found, rows=list(found.rows)[::-1])


def _first_wrong_sum(miscounted: Any, audit: MemoryAuditReader, **asked: Any) -> Any:
    return miscounted(audit, **{**asked, "after": None})[:1]


def _of_due(messages: Any, audit: MemoryAuditReader, **asked: Any) -> Any:
    found = messages(audit, **asked)
    return evolve(found, rows=[message for message in found.rows if not message.refused_since])


def _of_the_first(entries_of: Any, audit: MemoryAuditReader, job_ids: Any) -> Any:
    found = entries_of(audit, job_ids)
    owner_ids = {entry.owner_id for entry in found[:1]}
    return AuditPage(rows=[entry for entry in found if entry.owner_id in owner_ids])


def _none_of_nothing(wallets: Any, audit: MemoryAuditReader, **asked: Any) -> Any:
    return wallets(audit, **asked) if audit._rows.state.wallets else None


MUTANTS: Final = [
    Mutant(
        "returns the rows of a page in the opposite order",
        MemoryAuditReader,
        "jobs",
        _reversed_page,
        Audit.test_pages_hold_every_row_once_ordered_by_id,
    ),
    Mutant(
        "counts the images of albums that don't exist",
        MemoryAuditReader,
        "album_counts",
        lambda counts, audit, album_ids: [AlbumCount(album_id=id_, kept=0, counted=0) for id_ in album_ids],
        Audit.test_the_images_of_albums_are_counted,
    ),
    Mutant(
        "ends after the first page of albums",
        MemoryAuditReader,
        "albums",
        lambda albums, audit, **asked: evolve(albums(audit, **asked), next=None),
        Audit.test_a_page_tells_where_the_next_one_starts,
    ),
    Mutant(
        "finds images that are being deleted",
        MemoryAuditReader,
        "images_among",
        with_arguments(deleting=True),
        Audit.test_rows_are_found_by_their_ids,
    ),
    Mutant(
        "finds no image that is being deleted",
        MemoryAuditReader,
        "images_among",
        with_arguments(deleting=False),
        Audit.test_rows_are_found_by_their_ids,
    ),
    Mutant(
        "finds jobs that weren't asked for",
        MemoryAuditReader,
        "jobs_among",
        lambda among, audit, ids: AuditPage(rows=list(audit._rows.state.jobs.values())),
        Audit.test_rows_are_found_by_their_ids,
    ),
    Mutant(
        "takes every owner to have a wallet",
        MemoryAuditReader,
        "wallets_among",
        lambda among, audit, ids: frozenset(ids),
        Audit.test_rows_are_found_by_their_ids,
    ),
    Mutant(
        "looks for the first thousand owners alone",
        MemoryAuditReader,
        "wallets_among",
        _of_few,
        Audit.test_rows_are_found_by_their_ids,
    ),
    Mutant(
        "takes every owner to be a user",
        MemoryAuditReader,
        "users_among",
        lambda among, audit, ids: frozenset(ids),
        Audit.test_rows_are_found_by_their_ids,
    ),
    Mutant(
        "finds damage where there is none",
        MemoryAuditReader,
        "damage",
        returning([Damage(subject="jobs", message="wrong")]),
        Audit.test_nothing_is_damaged_in_a_sound_database,
    ),
    Mutant(
        "returns more rows than were asked for",
        MemoryAuditReader,
        "images",
        with_arguments(limit=99),
        Audit.test_a_page_is_never_larger_than_asked_for,
    ),
    Mutant(
        "returns None where there is no wallet",
        MemoryAuditReader,
        "wallets",
        _none_of_nothing,
        Audit.test_there_is_nothing_in_an_empty_database,
        fails_with=TypeError,
    ),
    Mutant(
        "leaves out messages that were refused",
        MemoryAuditReader,
        "messages",
        _of_due,
        Audit.test_messages_are_all_there_due_or_not_ordered_by_their_job,
    ),
    Mutant(
        "reads the ledgers of owners behind the last one",
        MemoryAuditReader,
        "ledger",
        with_arguments(until=OwnerId.of("z" * 24)),
        Audit.test_all_ledgers_are_read_by_owner_and_number_up_to_an_owner,
    ),
    Mutant(
        "counts no refunds",
        MemoryAuditReader,
        "refunds",
        returning(RefundStatistics(refunds=0, tokens=0)),
        Audit.test_refunds_are_counted_in_all_ledgers,
    ),
    Mutant(
        "finds the entries of a job in one ledger",
        MemoryAuditReader,
        "entries_of",
        _of_the_first,
        Audit.test_the_entries_of_a_job_are_found_in_all_ledgers,
    ),
    Mutant(
        "counts no usage",
        MemoryAuditReader,
        "usage",
        lambda usage, audit, owner_id: evolve(usage(audit, owner_id), usage=Usage()),
        Audit.test_usage_is_what_an_owners_jobs_and_images_add_up_to,
    ),
    Mutant(
        "finds the first wrong sum alone",
        MemoryAuditReader,
        "miscounted",
        _first_wrong_sum,
        Audit.test_wallets_whose_sums_are_wrong_are_found_page_by_page,
    ),
]
