"""Rendition making: thumbnails, previews and thumbhashes, made beside the requests and jobs that bring pictures.

A failure to make them fails nothing else. They are made soon after the upload or the result in the process that has it;
a maintenance task makes those that were missed, and those of pictures from before there were renditions.
"""

import io
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final, assert_never

from attrs import frozen

from spike_core.domain.errors import (
    DatabaseUnavailable,
    JobNotFound,
    NotFound,
    ObjectNotFound,
    SpikeError,
    StorageUnavailable,
    UnacceptablePicture,
    Unavailable,
    UploadExpired,
)
from spike_core.domain.identifiers import ANONYMOUS, ImageId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.objects import ContentDigest, ObjectKey
from spike_core.domain.renditions import (
    NO_FURTHER_ATTEMPT,
    RENDITION_ATTEMPTS_MAX,
    MissingRenditions,
    Pictured,
    Rendition,
    Renditions,
)
from spike_core.ports.background import Background, Urgency
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.rendition_maker import MadeRenditions, RenditionMaker
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.ingest import Ingest
from spike_core.services.transaction_retries import retry_on_conflict

CATCH_UP_BATCH: Final = 50  # images, and as many jobs
CATCH_UP_TIME_MAX: Final = timedelta(seconds=20)  # of one run, which a process waits for when it ends
CATCH_UP_INTERVAL: Final = timedelta(seconds=30)  # between the beginnings of two runs
GRACE: Final = timedelta(minutes=1)  # in which the process that has the picture makes them
OUTAGE: Final = 3  # pictures in a row that couldn't be worked on: the engine is unavailable, the pictures are well

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class RenditionMaking:
    """Makes renditions. The first ones to be stored stay; objects that a second process has made are removed."""

    transactions: Transactions
    ingest: Ingest
    clock: Clock
    ids: Ids
    maker: RenditionMaker | None  # `None`: none are ever made
    background: Background | None  # `None`: only the maintenance task makes them

    def soon(self, pictures: Sequence[Pictured], *, caller: OwnerId | None, urgency: Urgency) -> None:
        """Have missing renditions made in the background, once the pictures' rows are committed. Never fails.

        The background has a limited number of places for a caller; what finds none is left to the maintenance task. So
        is a picture's last attempt: while the engine is unavailable, many requests for a picture would use all up.
        """
        for of in pictures:
            self._in_background(partial(self._try, of), key=of.text, caller=caller, urgency=urgency)

    def request_missing(self, pictures: Sequence[Image | CompletedJob], *, caller: OwnerId | None) -> None:
        """Have those made next, the first one first, that someone looks at and that are missing. Never fails.

        What is younger than `GRACE` is left to the process that has the picture; if that is this one, it hurries.
        """
        before = self.clock.now() - GRACE
        for each in reversed(pictures):  # what is asked for last is made first
            since = _awaited_since(each)
            if since is not None and since < before:
                self.soon([each.id], caller=caller, urgency=Urgency.NOW)
            elif since is not None and self.background is not None:
                self.background.hasten(each.id.text)

    def remake_lost(self, pictures: Sequence[Pictured], *, caller: OwnerId | None) -> None:
        """Have those made anew, in the background, that are gone from the store although their picture is there.

        No more urgent than uploads: anyone may say again and again that one is gone, and each time the store is asked.
        """
        for of in pictures:
            self._in_background(partial(self._remake, of), key=f"remake {of}", caller=caller, urgency=Urgency.SOON)

    def _in_background(self, action: Callable[[], None], *, key: str, caller: OwnerId | None, urgency: Urgency) -> None:
        if self.maker is not None and self.background is not None:
            who = ANONYMOUS if caller is None else caller
            self.transactions.when_committed(
                partial(self.background.soon, action, key=key, caller=who.text, urgency=urgency)
            )

    def make(self, of: Pictured) -> Renditions | None:
        """Make a picture's renditions unless there are some, and return them; `None` if none can be made.

        Raises:
            NotFound: there is no such picture, or its object is gone.
            Unavailable: a dependency failed; another attempt may succeed.
        """
        with self.transactions.view() as tx:
            key, renditions = _picture(tx, of)
        if renditions is not None or self.maker is None:
            return renditions
        began_at = self.clock.now()
        try:
            with self.ingest.blobs.open(key) as content:
                made = self.maker.make(content)
        except UnacceptablePicture as error:
            _log.warning("no renditions can be made of %s: %s", of, error)
            self._set_attempts(of, NO_FURTHER_ATTEMPT)
            return None
        objects = _objects(of, made, body=self.ids.new(ImageId).body)
        with self.ingest.stored({key: io.BytesIO(content) for key, content in objects.items()}) as digests:
            self.ingest.check_in_time(began_at)
            renditions = _renditions(list(digests.items()), made)
            is_stored = self._put(of, renditions)
        if not is_stored:
            self.ingest.discard(list(objects))
            with self.transactions.view() as tx:
                return _picture(tx, of)[1]
        return renditions

    def catch_up(self) -> int:
        """Make missing renditions, those of new pictures first, and return how many pictures got some.

        A run ends after `CATCH_UP_TIME_MAX`; the next one continues. Each picture is tried `RENDITION_ATTEMPTS_MAX`
        times; the attempt is counted before it, so a picture that ends the process isn't tried for ever.

        Raises:
            Unavailable: a dependency failed; the next run continues.
        """
        began_at, made, failed_in_a_row = self.clock.now(), 0, 0
        while self.maker is not None and (batch := self._missing()):
            for missing in batch:
                if self.clock.now() - began_at > CATCH_UP_TIME_MAX:
                    return made
                try:
                    made += self._make_missing(missing)
                except (DatabaseUnavailable, StorageUnavailable):
                    raise
                except Unavailable:
                    failed_in_a_row += 1
                    if failed_in_a_row >= OUTAGE:
                        raise
                else:
                    failed_in_a_row = 0
        return made

    def _missing(self) -> Sequence[MissingRenditions]:
        with self.transactions.view() as tx:
            return tx.renditions.missing(before=self.clock.now() - GRACE, limit=CATCH_UP_BATCH)

    def _make_missing(self, missing: MissingRenditions) -> bool:
        """Make a picture's renditions, and return whether it has some now.

        Raises:
            Unavailable: a dependency failed. If that can't be due to the picture, the attempt doesn't count.
        """
        self._set_attempts(missing.of, missing.attempts + 1)
        try:
            return self.make(missing.of) is not None
        except (DatabaseUnavailable, StorageUnavailable):
            with suppress(DatabaseUnavailable):
                self._set_attempts(missing.of, missing.attempts)
            raise
        except ObjectNotFound:
            self._set_attempts(missing.of, NO_FURTHER_ATTEMPT)
        except (NotFound, UploadExpired):  # deleted meanwhile; or it took too long
            pass
        return False

    def _try(self, of: Pictured) -> None:
        """Make a picture's renditions, unless the last attempt is left."""
        attempts = RENDITION_ATTEMPTS_MAX
        try:
            with self.transactions.view() as tx:
                attempts = tx.renditions.attempts(of)
            if attempts < RENDITION_ATTEMPTS_MAX - 1:
                self.make(of)
        except (DatabaseUnavailable, StorageUnavailable, NotFound) as error:
            _log.warning("the renditions of %s aren't made yet: %s", of, error)
        except SpikeError as error:
            _log.warning("the renditions of %s can't be made at attempt %d: %s", of, attempts + 1, error)
            with suppress(DatabaseUnavailable):
                self._set_attempts(of, attempts + 1)

    def _remake(self, of: Pictured) -> None:
        """Make a picture's renditions anew if one is gone.

        Where the picture is gone too, nothing changes: the store may be the wrong one.
        """
        try:
            with self.transactions.view() as tx:
                key, renditions = _picture(tx, of)
            if renditions is None:
                return
            found = self.ingest.blobs.find([key, *renditions.objects])
            if key not in found or renditions.objects <= found or not self._remove(of, renditions):
                return
            _log.warning("renditions of %s are gone from the store", of)
            self.ingest.discard(list(renditions.objects))
        except (DatabaseUnavailable, StorageUnavailable, NotFound) as error:
            _log.warning("the renditions of %s aren't made anew: %s", of, error)
            return
        self._try(of)

    @retry_on_conflict
    def _remove(self, of: Pictured, renditions: Renditions) -> bool:
        with self.transactions.begin() as tx:
            return tx.renditions.remove(of, renditions)

    @retry_on_conflict
    def _put(self, of: Pictured, renditions: Renditions) -> bool:
        with self.transactions.begin() as tx:
            return tx.renditions.put(of, renditions)

    @retry_on_conflict
    def _set_attempts(self, of: Pictured, attempts: int) -> None:
        with self.transactions.begin() as tx:
            tx.renditions.set_attempts(of, attempts)


def _awaited_since(picture: Image | CompletedJob) -> datetime | None:
    """Return since when a picture is there whose renditions are missing; `None` if it has some."""
    match picture:
        case Image():
            return picture.created_at if picture.renditions is None else None
        case CompletedJob():
            return picture.ended_at if picture.result.renditions is None else None
        case unreachable:
            assert_never(unreachable)


def _picture(tx: Transaction, of: Pictured) -> tuple[ObjectKey, Renditions | None]:
    """Return the key of a picture, and its renditions.

    Raises:
        ImageNotFound, JobNotFound: there is no such picture.
    """
    if isinstance(of, ImageId):
        image = tx.images.get(of)
        return image.original, image.renditions
    job = tx.jobs.get(of)
    if not isinstance(job, CompletedJob):
        raise JobNotFound
    if job.spec.image_id is not None:
        tx.images.get(job.spec.image_id)  # not found if it is being deleted
    return job.result.key, job.result.renditions


def _objects(of: Pictured, made: MadeRenditions, *, body: str) -> dict[ObjectKey, bytes]:
    """Return the objects to store: the thumbnail first."""
    objects = {ObjectKey.of_thumbnail(of, body=body): made.thumbnail}
    if made.preview is not None:
        objects[ObjectKey.of_preview(of, body=body)] = made.preview
    return objects


def _renditions(digests: Sequence[tuple[ObjectKey, ContentDigest]], made: MadeRenditions) -> Renditions:
    stored = [Rendition(key=key, digest=digest) for key, digest in digests]
    return Renditions(thumbnail=stored[0], preview=stored[-1], thumbhash=made.thumbhash)
