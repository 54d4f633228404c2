"""Mutants of images and of their deletion."""

from datetime import timedelta
from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, backwards, instead_of, nothing, with_arguments
from spike_contracts.image_deletion import ImageDeletionContract as Deletion
from spike_contracts.image_lists import ImageListsContract as Lists
from spike_contracts.images import ImagesContract as Images
from spike_core.domain.errors import ImageNotFound, InvariantViolated
from spike_memory.images import MemoryImages
from spike_memory.jobs import MemoryJobs

FEW: Final = 1000  # as many as a statement may name


def _without_many(find: Any, images: MemoryImages, image_ids: Any) -> Any:
    return find(images, list(image_ids)[:FEW])


def _all_of_it(change: Any, images: MemoryImages, image: Any) -> None:
    images.get(image.id)
    images._rows.check_writable().images[image.id] = image


def _a_view_of_any(count: Any, images: MemoryImages, image_id: Any) -> None:
    known = images._rows.state.images
    count(images, image_id if image_id in known else next(iter(known)))


def _found_by_hidden(get: Any, images: MemoryImages, image_id: Any) -> Any:
    return images.get_deleting(image_id)


def _hidden_with_its_cover(begin: Any, images: MemoryImages, image_id: Any, *, now: Any) -> None:
    state = images._rows.check_writable()
    covers = {id_: album.cover_image_id for id_, album in state.albums.items()}
    begin(images, image_id, now=now)
    for id_, cover in covers.items():
        state.albums[id_] = evolve(state.albums[id_], cover_image_id=cover)


def _without_its_messages(finish: Any, images: MemoryImages, image_id: Any) -> None:
    kept = dict(images._rows.state.outbox)
    finish(images, image_id)
    images._rows.state.outbox.update(kept)


def _of_a_shown_image(add: Any, jobs: MemoryJobs, new: Any) -> None:
    if any(job.spec.image_id in jobs._rows.state.removed for job in new):
        raise InvariantViolated("a job's image exists")
    add(jobs, new)


MUTANTS: Final = [
    Mutant(
        "takes a stranger's image for a duplicate",
        MemoryImages,
        "duplicates",
        lambda _duplicates, images, _owner_id, digests: {
            image.sha256: image.id for image in images._rows.state.images.values() if image.sha256 in digests
        },
        Images.test_duplicates_are_the_owners_earliest_images_that_arent_hidden,
    ),
    Mutant(
        "forgets an image's description",
        MemoryImages,
        "add",
        lambda add, images, *new: add(images, *(evolve(image, description=None) for image in new)),
        Images.test_an_image_comes_back_as_it_was_added,
    ),
    Mutant(
        "finds no images of anonymous visitors",
        MemoryImages,
        "get",
        lambda get, images, image_id: None if "anon" in image_id.text else get(images, image_id),
        Images.test_an_anonymous_images_id_is_one_too,
    ),
    Mutant(
        "returns None for an unknown image",
        MemoryImages,
        "get",
        instead_of(ImageNotFound),
        Images.test_an_unknown_id_is_no_image,
    ),
    Mutant(
        "finds all images",
        MemoryImages,
        "find",
        lambda find, images, image_ids: dict(images._rows.state.images),
        Images.test_finding_skips_what_isnt_there,
    ),
    Mutant(
        "looks for the first thousand ids alone",
        MemoryImages,
        "find",
        _without_many,
        Images.test_any_number_of_images_can_be_looked_for,
    ),
    Mutant(
        "lists images oldest first",
        MemoryImages,
        "of_owner",
        backwards,
        Images.test_pages_hold_each_image_of_an_owner_once_and_newest_first,
    ),
    Mutant(
        "examines images in the opposite order",
        MemoryImages,
        "examine",
        backwards,
        Lists.test_images_are_examined_once_each_in_the_order_asked_for,
    ),
    Mutant(
        "ignores the state that is asked for",
        MemoryImages,
        "examine",
        with_arguments(state=None),
        Lists.test_an_examined_image_matches_the_states_that_its_jobs_give_it,
    ),
    Mutant(
        "ignores the tier that is asked for",
        MemoryImages,
        "examine",
        with_arguments(tier=None),
        Lists.test_an_examined_image_matches_the_tiers_that_it_was_enhanced_at,
    ),
    Mutant("counts no views", MemoryImages, "count_view", nothing, Images.test_each_view_counts),
    Mutant(
        "counts the view of no image for another one",
        MemoryImages,
        "count_view",
        _a_view_of_any,
        Images.test_a_view_of_no_image_counts_nowhere,
    ),
    Mutant(
        "overwrites the number of views",
        MemoryImages,
        "change",
        _all_of_it,
        Images.test_a_change_leaves_views_that_were_counted_meanwhile,
    ),
    Mutant(
        "ignores that there is no image to change",
        MemoryImages,
        "change",
        instead_of(ImageNotFound),
        Images.test_a_change_leaves_views_that_were_counted_meanwhile,
    ),
    Mutant(
        "finds hidden images",
        MemoryImages,
        "get",
        _found_by_hidden,
        Deletion.test_a_hidden_image_is_found_by_nobody_else,
    ),
    Mutant(
        "leaves a hidden image as a cover",
        MemoryImages,
        "begin_deletion",
        _hidden_with_its_cover,
        Deletion.test_a_hidden_image_leaves_albums_and_covers,
    ),
    Mutant(
        "lists hidden images newest first",
        MemoryImages,
        "pending_deletions",
        lambda pending, images, *, limit: pending(images, limit=99)[::-1][:limit],
        Deletion.test_pending_removals_come_in_order,
    ),
    Mutant(
        "tries a postponed deletion at once",
        MemoryImages,
        "due_deletions",
        lambda due, images, *, now, limit: due(images, now=now + timedelta(days=1), limit=limit),
        Deletion.test_a_postponed_deletion_is_due_again_at_its_time_with_its_failures,
    ),
    Mutant(
        "tries what has failed as soon as what hasn't",
        MemoryImages,
        "due_deletions",
        lambda _due, images, *, now, limit: [each for due_at, each in images._in_order() if due_at <= now][:limit],
        Deletion.test_a_postponed_deletion_is_due_again_at_its_time_with_its_failures,
    ),
    Mutant(
        "forgets how often a deletion has failed",
        MemoryImages,
        "postpone_deletion",
        lambda postpone, images, image_id, *, failures, until: postpone(images, image_id, failures=1, until=until),
        Deletion.test_a_postponed_deletion_is_due_again_at_its_time_with_its_failures,
    ),
    Mutant(
        "leaves the messages of a deleted image's jobs",
        MemoryImages,
        "finish_deletion",
        _without_its_messages,
        Deletion.test_finishing_forgets_the_image_its_jobs_and_their_messages,
    ),
    Mutant(
        "refuses jobs of hidden images",
        MemoryJobs,
        "add",
        _of_a_shown_image,
        Deletion.test_a_job_may_still_come_for_a_hidden_image,
        fails_with=InvariantViolated,
    ),
    Mutant(
        "finds images of that very instant expired",
        MemoryImages,
        "expired",
        lambda expired, images, owner_id, *, created_before, limit: expired(
            images, owner_id, created_before=created_before + timedelta(seconds=1), limit=limit
        ),
        Deletion.test_old_images_of_an_owner_come_oldest_first,
    ),
    Mutant(
        "finds all expired images, whatever the limit",
        MemoryImages,
        "expired",
        with_arguments(limit=99),
        Deletion.test_old_images_of_an_owner_come_oldest_first,
    ),
]
