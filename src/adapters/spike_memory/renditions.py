"""Renditions in memory: rows, a maker for made-up pictures, and a background that a test runs."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import BinaryIO, Final

from attrs import evolve, field, frozen

from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.images import PictureFacts
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.limits import ACCEPTED_PIXELS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.domain.renditions import (
    CARD_SIZE,
    PREVIEW_SIDE_PX,
    RENDITION_ATTEMPTS_MAX,
    THUMBNAIL_SIDE_PX,
    MissingRenditions,
    Pictured,
    Rendition,
    Renditions,
)
from spike_core.ports.background import Urgency
from spike_core.ports.rendition_maker import MadeRenditions
from spike_core.services.waiting_actions import WaitingActions
from spike_memory.engine import MemoryProbe, a_picture, kept_flaw
from spike_memory.state import Rows

_HASH_BYTES: Final = 21

_log: Final = logging.getLogger(__name__)


@frozen
class MemoryRenditions:
    """See the port."""

    _rows: Rows

    def put(self, of: Pictured, renditions: Renditions) -> bool:
        """Store a picture's renditions."""
        state = self._rows.check_writable()
        if isinstance(of, ImageId):
            image = state.images.get(of)
            if image is None or image.renditions is not None:
                return False
            state.images[of] = evolve(image, renditions=renditions)
            return True
        job = state.jobs.get(of)
        if not isinstance(job, CompletedJob) or job.result.renditions is not None or job.spec.image_id in state.removed:
            return False
        state.jobs[of] = evolve(job, result=evolve(job.result, renditions=renditions))
        return True

    def remove(self, of: Pictured, renditions: Renditions) -> bool:
        """Compare and remove."""
        state = self._rows.check_writable()
        if isinstance(of, ImageId):
            image = state.images.get(of)
            if image is None or not _is_same(image.renditions, renditions):
                return False
            state.images[of] = evolve(image, renditions=None)
            return True
        job = state.jobs.get(of)
        if not isinstance(job, CompletedJob) or not _is_same(job.result.renditions, renditions):
            return False
        state.jobs[of] = evolve(job, result=evolve(job.result, renditions=None))
        return True

    def put_card(self, job_id: JobId, card: Rendition) -> bool:
        """Store the card of a result."""
        state = self._rows.check_writable()
        job = state.jobs.get(job_id)
        if not isinstance(job, CompletedJob) or job.spec.image_id not in state.images:
            return False
        renditions = job.result.renditions
        if renditions is None or renditions.card is not None:
            return False
        state.jobs[job_id] = evolve(job, result=evolve(job.result, renditions=evolve(renditions, card=card)))
        return True

    def missing(self, *, before: datetime, limit: int) -> Sequence[MissingRenditions]:
        """Return pictures without renditions."""
        state = self._rows.state
        images: list[tuple[datetime, str, Pictured]] = [
            (image.created_at, image.id.text, image.id)
            for image in state.images.values()
            if image.renditions is None and image.created_at < before and self._may_try(image.id)
        ]
        jobs: list[tuple[datetime, str, Pictured]] = [
            (job.ended_at, job.id.text, job.id)
            for job in state.jobs.values()
            if isinstance(job, CompletedJob)
            and job.result.renditions is None
            and job.ended_at < before
            and self._may_try(job.id)
        ]
        newest = [*sorted(images, reverse=True)[:limit], *sorted(jobs, reverse=True)[:limit]]
        return [MissingRenditions(of=of, attempts=state.rendition_attempts.get(of, 0)) for _, _, of in newest]

    def attempts(self, of: Pictured) -> int:
        """Return the number of attempts."""
        return self._rows.state.rendition_attempts.get(of, 0)

    def set_attempts(self, of: Pictured, attempts: int) -> None:
        """Store the number of attempts."""
        state = self._rows.check_writable()
        if of in state.images or of in state.removed or of in state.jobs:
            state.rendition_attempts[of] = attempts

    def _may_try(self, of: Pictured) -> bool:
        return self._rows.state.rendition_attempts.get(of, 0) < RENDITION_ATTEMPTS_MAX


def _is_same(stored: Renditions | None, renditions: Renditions) -> bool:
    return stored is not None and stored.thumbnail.key == renditions.thumbnail.key


class MemoryRenditionMaker:
    """Makes up renditions of made-up pictures."""

    def make(self, picture: BinaryIO) -> MadeRenditions:
        """Return the picture's renditions; see the port."""
        facts = MemoryProbe().inspect(picture, pixels_max=ACCEPTED_PIXELS_MAX)
        digest = hashlib.sha256(picture.read()).digest()
        picture.seek(0)
        is_small = facts.dimensions.longest_side_px <= THUMBNAIL_SIDE_PX
        return MadeRenditions(
            thumbnail=_reduced(facts, THUMBNAIL_SIDE_PX),
            preview=None if is_small else _reduced(facts, PREVIEW_SIDE_PX),
            thumbhash=digest[:_HASH_BYTES],
        )

    def make_card(self, before: BinaryIO, after: BinaryIO) -> bytes:
        """Return both side by side; see the port."""
        for picture in (before, after):
            MemoryProbe().inspect(picture, pixels_max=ACCEPTED_PIXELS_MAX)
        return a_picture(CARD_SIZE)


def _reduced(facts: PictureFacts, side_px: int) -> bytes:
    longest_px = facts.dimensions.longest_side_px
    return a_picture(facts.dimensions.scaled_to(min(side_px, longest_px)), PictureFormat.WEBP, kept_flaw(facts))


@frozen
class MemoryBackground:
    """A background whose actions wait until `run`."""

    _waiting: WaitingActions = field(factory=WaitingActions, init=False)

    def soon(self, action: Callable[[], object], *, key: str, caller: str, urgency: Urgency) -> bool:
        """Keep the action for `run`; see the port."""
        return self._waiting.add(action, key=key, caller=caller, urgency=urgency)

    def hasten(self, key: str) -> None:
        """Let an action that waits run before others; see the port."""
        self._waiting.hasten(key)

    def run(self) -> int:
        """Run the actions that wait, those added meanwhile included, and return how many there were."""
        count = 0
        while (entry := self._waiting.take()) is not None:
            key, action = entry
            count += 1
            try:
                action()
            except Exception:  # noqa: BLE001  # the next action mustn't suffer
                _log.exception("an action in the background failed")
            finally:
                self._waiting.finish(key)
        return count
