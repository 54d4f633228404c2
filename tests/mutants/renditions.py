"""Mutants of renditions: the repository, the maker and the background that runs it."""

import io
from contextlib import suppress
from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, backwards, nothing
from spike_contracts.background import BackgroundContract as Backgrounds
from spike_contracts.rendition_maker import RenditionMakerContract as Makers
from spike_contracts.renditions import RenditionsContract as Rows
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnacceptablePicture
from spike_core.domain.identifiers import ImageId
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.objects import PictureFormat
from spike_core.domain.renditions import CARD_SIZE, MissingRenditions
from spike_core.ports.background import Urgency
from spike_core.ports.rendition_maker import MadeRenditions
from spike_memory import MemoryBackground, MemoryRenditionMaker, a_picture
from spike_memory.renditions import MemoryRenditions

TINY: Final = Dimensions(width_px=4, height_px=3)


def _the_thumbnail_alone(put: Any, rows: MemoryRenditions, of: Any, renditions: Any) -> Any:
    return put(rows, of, evolve(renditions, preview=renditions.thumbnail))


def _over_the_first(put: Any, rows: MemoryRenditions, of: Any, renditions: Any) -> Any:
    state = rows._rows.state
    if isinstance(of, ImageId) and of in state.images:
        state.images[of] = evolve(state.images[of], renditions=None)
    return put(rows, of, renditions)


def _whatever_there_is(remove: Any, rows: MemoryRenditions, of: Any, renditions: Any) -> Any:
    image = rows._rows.state.images.get(of)
    return remove(rows, of, renditions if image is None else image.renditions or renditions)


def _over_the_first_card(put_card: Any, rows: MemoryRenditions, job_id: Any, card: Any) -> Any:
    job = rows._rows.state.jobs.get(job_id)
    if isinstance(job, CompletedJob) and job.result.renditions is not None:
        bare = evolve(job.result.renditions, card=None)
        rows._rows.state.jobs[job_id] = evolve(job, result=evolve(job.result, renditions=bare))
    return put_card(rows, job_id, card)


def _on_what_is_hidden(put: Any, rows: MemoryRenditions, of: Any, renditions: Any) -> Any:
    job = rows._rows.state.jobs.get(of)
    if isinstance(job, CompletedJob) and job.spec.image_id in rows._rows.state.removed:
        rows._rows.state.jobs[of] = evolve(job, result=evolve(job.result, renditions=renditions))
        return True
    return put(rows, of, renditions)


def _with_hidden_ones(missing: Any, rows: MemoryRenditions, *, before: Any, limit: int) -> Any:
    hidden = [MissingRenditions(of=id_, attempts=0) for id_ in rows._rows.state.removed]
    return [*hidden, *missing(rows, before=before, limit=limit)]


def _changed(make: Any, maker: MemoryRenditionMaker, picture: Any, **changes: Any) -> MadeRenditions:
    made: MadeRenditions = make(maker, picture)
    return evolve(made, **changes)


def _taken(background: MemoryBackground) -> list[tuple[str, Any]]:
    taken = []
    while (entry := background._waiting.take()) is not None:
        taken.append(entry)
    return taken


def _last_first(_run: Any, background: MemoryBackground) -> int:
    return _run_all(background, _taken(background)[::-1])


def _not_within_another(_run: Any, background: MemoryBackground) -> int:
    count = _run_all(background, _taken(background))
    background._waiting.clear()
    return count


def _run_all(background: MemoryBackground, taken: list[tuple[str, Any]]) -> int:
    for key, action in taken:
        with suppress(Exception):
            action()
        background._waiting.finish(key)
    return len(taken)


def _without_the_rest(_run: Any, background: MemoryBackground) -> int:
    count = 0
    while (entry := background._waiting.take()) is not None:
        key, action = entry
        try:
            action()
        except Exception:  # noqa: BLE001  # whatever it is
            background._waiting.clear()
        background._waiting.finish(key)
        count += 1
    return count


def _any_number(_soon: Any, background: MemoryBackground, action: Any, **more: Any) -> bool:
    background._waiting.places = 10**9
    return background._waiting.add(action, **more)


def _to_the_end(soon: Any, background: MemoryBackground, action: Any, *, caller: str, **more: Any) -> Any:
    for callers in background._waiting._turns.values():
        if caller in callers:
            callers.move_to_end(caller)
    return soon(background, action, caller=caller, **more)


def _each_time(soon: Any, background: MemoryBackground, action: Any, *, key: str, **more: Any) -> Any:
    return soon(background, action, key=f"{key} {len(background._waiting)}", **more)


def _no_format_but_jpeg(make: Any, maker: MemoryRenditionMaker, picture: Any) -> Any:
    data = picture.read()
    picture.seek(0)
    if b"JPEG" not in data:
        raise UnacceptablePicture
    return make(maker, picture)


def _whatever_it_is(make: Any, maker: MemoryRenditionMaker, picture: Any) -> Any:
    try:
        return make(maker, picture)
    except UnacceptablePicture:
        return make(maker, io.BytesIO(a_picture(TINY)))


MUTANTS: Final = [
    Mutant(
        "keeps the thumbnail alone",
        MemoryRenditions,
        "put",
        _the_thumbnail_alone,
        Rows.test_renditions_are_read_with_their_image_and_their_result,
    ),
    Mutant(
        "stores later renditions over the first",
        MemoryRenditions,
        "put",
        _over_the_first,
        Rows.test_the_first_renditions_of_a_picture_stay,
    ),
    Mutant(
        "removes whatever renditions a picture has",
        MemoryRenditions,
        "remove",
        _whatever_there_is,
        Rows.test_renditions_are_removed_if_they_are_the_stored_ones,
    ),
    Mutant(
        "stores renditions of the results of a hidden image",
        MemoryRenditions,
        "put",
        _on_what_is_hidden,
        Rows.test_what_is_gone_or_has_no_result_gets_none,
    ),
    Mutant(
        "finds the oldest pictures first",
        MemoryRenditions,
        "missing",
        backwards,
        Rows.test_the_newest_pictures_without_renditions_are_found_first,
    ),
    Mutant(
        "finds hidden images",
        MemoryRenditions,
        "missing",
        _with_hidden_ones,
        Rows.test_neither_hidden_images_nor_jobs_without_a_result_miss_any,
    ),
    Mutant(
        "forgets how often a picture was tried",
        MemoryRenditions,
        "set_attempts",
        nothing,
        Rows.test_what_was_tried_too_often_isnt_found,
    ),
    Mutant(
        "makes thumbnails of any size",
        MemoryRenditionMaker,
        "make",
        lambda make, maker, picture: _changed(
            make, maker, picture, thumbnail=a_picture(TINY, PictureFormat.WEBP), preview=a_picture(TINY)
        ),
        Makers.test_the_longest_side_is_as_long_as_allowed_but_never_longer_than_the_pictures,
    ),
    Mutant(
        "makes a preview of every picture",
        MemoryRenditionMaker,
        "make",
        lambda make, maker, picture: _changed(make, maker, picture, preview=a_picture(TINY, PictureFormat.WEBP)),
        Makers.test_a_picture_no_larger_than_the_thumbnail_has_no_preview,
    ),
    Mutant(
        "makes black thumbnails",
        MemoryRenditionMaker,
        "make",
        lambda make, maker, picture: _changed(
            make, maker, picture, thumbnail=a_picture(TINY, PictureFormat.WEBP, "dark")
        ),
        Makers.test_renditions_look_like_the_picture_however_it_is_stored,
    ),
    Mutant(
        "reads JPEG alone",
        MemoryRenditionMaker,
        "make",
        _no_format_but_jpeg,
        Makers.test_pictures_of_every_format_have_renditions,
        fails_with=UnacceptablePicture,
    ),
    Mutant(
        "keeps the place",
        MemoryRenditionMaker,
        "make",
        lambda make, maker, picture: _changed(
            make, maker, picture, preview=a_picture(TINY, PictureFormat.WEBP, "located")
        ),
        Makers.test_renditions_tell_no_place,
    ),
    Mutant(
        "stores a later card over the first",
        MemoryRenditions,
        "put_card",
        _over_the_first_card,
        Rows.test_a_result_with_renditions_gets_one_card_which_is_read_and_removed_with_them,
    ),
    Mutant(
        "makes a card of the original's size",
        MemoryRenditionMaker,
        "make_card",
        lambda _make, _maker, before, _after: before.read(),
        Makers.test_a_card_has_one_size_whatever_it_shows_and_tells_no_place,
    ),
    Mutant(
        "makes a card of anything",
        MemoryRenditionMaker,
        "make_card",
        lambda _make, _maker, _before, _after: a_picture(CARD_SIZE),
        Makers.test_of_what_cannot_be_decoded_no_card_is_made,
    ),
    Mutant(
        "makes renditions of anything",
        MemoryRenditionMaker,
        "make",
        _whatever_it_is,
        Makers.test_of_what_cannot_be_decoded_none_are_made,
    ),
    Mutant(
        "runs the last action first",
        MemoryBackground,
        "run",
        _last_first,
        Backgrounds.test_actions_run_one_after_another_in_the_order_of_the_calls,
    ),
    Mutant(
        "finds everything equally urgent",
        MemoryBackground,
        "soon",
        lambda soon, background, action, **more: soon(background, action, **{**more, "urgency": Urgency.SOON}),
        Backgrounds.test_the_most_urgent_runs_first,
        Backgrounds.test_of_what_is_looked_at_the_last_one_runs_first,
    ),
    Mutant(
        "hastens nothing",
        MemoryBackground,
        "hasten",
        nothing,
        Backgrounds.test_what_is_asked_for_again_is_as_urgent_as_it_is_then_and_never_less,
    ),
    Mutant(
        "runs all that one caller asks for before what another does",
        MemoryBackground,
        "soon",
        lambda soon, background, action, **more: soon(background, action, **{**more, "caller": "all"}),
        Backgrounds.test_callers_take_turns,
    ),
    Mutant(
        "puts a caller who asks again behind the others",
        MemoryBackground,
        "soon",
        _to_the_end,
        Backgrounds.test_who_asks_again_keeps_the_turn,
    ),
    Mutant(
        "stops at an action that fails",
        MemoryBackground,
        "run",
        _without_the_rest,
        Backgrounds.test_an_action_that_fails_keeps_no_other_from_running,
    ),
    Mutant(
        "forgets what an action asks for",
        MemoryBackground,
        "run",
        _not_within_another,
        Backgrounds.test_an_action_may_ask_for_another,
    ),
    Mutant(
        "lets any number of actions wait",
        MemoryBackground,
        "soon",
        _any_number,
        Backgrounds.test_more_than_may_wait_are_refused_and_never_run,
    ),
    Mutant(
        "runs what waits already once more",
        MemoryBackground,
        "soon",
        _each_time,
        Backgrounds.test_what_waits_or_runs_is_not_run_again,
    ),
    Mutant(
        "gives one caller all places",
        MemoryBackground,
        "soon",
        lambda soon, background, action, *, key, caller, urgency: soon(
            background, action, key=key, caller=f"{caller} {key}", urgency=urgency
        ),
        Backgrounds.test_one_caller_leaves_places_to_others,
    ),
]
