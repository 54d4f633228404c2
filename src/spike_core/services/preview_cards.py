"""Preview cards: what other sites show of a link to a shared picture, its original beside a result."""

import io
import logging
from typing import Final

from attrs import frozen

from spike_core.domain.errors import ImageNotFound, JobNotFound, ObjectNotFound, UnacceptablePicture
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.objects import ObjectKey
from spike_core.domain.renditions import Rendition, Renditions
from spike_core.ports.ids import Ids
from spike_core.ports.rendition_maker import RenditionMaker
from spike_core.ports.transactions import Transactions
from spike_core.services.ingest import Ingest
from spike_core.services.rendition_making import RenditionMaking
from spike_core.services.transaction_retries import retry_on_conflict

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class PreviewCards:
    """Makes the card of a public image and a result when it is first asked for; the first one to be stored stays.

    It is made of both previews, which are small and without metadata, so that a stranger's request decodes no original.
    """

    transactions: Transactions
    ingest: Ingest
    ids: Ids
    rendition_making: RenditionMaking
    maker: RenditionMaker | None  # `None`: none are ever made

    def find(self, image_id: ImageId, job_id: JobId) -> Rendition | None:
        """Return the stored card; `None` if there is none yet.

        Raises:
            NotFound: the image is private, or this isn't a result of it; the error doesn't tell which.
        """
        return self._renditions(image_id, job_id)[1].card

    def make(self, image_id: ImageId, job_id: JobId) -> Rendition:
        """Return the card, which is made and stored unless there is one.

        Raises:
            NotFound: as in `find`; or no card can be made of these pictures. A preview that is lost is made anew.
            StorageFull: the store has too little room.
            Unavailable: a dependency failed; another attempt may succeed.
        """
        of_image, of_result = self._renditions(image_id, job_id)
        if of_result.card is not None:
            return of_result.card
        self.ingest.check_free_space()
        key = ObjectKey.of_card(job_id, body=self.ids.new(ImageId).body)
        try:
            content = self._made(job_id, before=of_image, after=of_result)
        except ObjectNotFound:
            self.rendition_making.remake_lost([image_id, job_id], caller=None)
            raise
        began_at = self.ingest.clock.now()
        with self.ingest.stored({key: io.BytesIO(content)}) as digests:
            self.ingest.check_in_time(began_at)
            card = Rendition(key=key, digest=digests[key])
            is_stored = self._put(job_id, card)
        if is_stored:
            return card
        self.ingest.discard([key])
        found = self.find(image_id, job_id)
        if found is None:  # its image is being deleted, or its renditions are being made anew
            raise ObjectNotFound
        return found

    def read(self, card: Rendition, *, job_id: JobId) -> bytes:
        """Return the card's bytes.

        Raises:
            ObjectNotFound: the store has lost it; all renditions of the result are made anew.
            StorageUnavailable: it can't be read.
        """
        try:
            with self.ingest.blobs.open(card.key) as stream:
                return stream.read(card.digest.size_bytes)
        except ObjectNotFound:
            self.rendition_making.remake_lost([job_id], caller=None)
            raise

    def _made(self, job_id: JobId, *, before: Renditions, after: Renditions) -> bytes:
        if self.maker is None:
            raise ObjectNotFound
        blobs = self.ingest.blobs
        try:
            with blobs.open(before.preview.key) as original, blobs.open(after.preview.key) as result:
                return self.maker.make_card(original, result)
        except UnacceptablePicture as error:
            _log.warning("no preview card can be made of %s: %s", job_id, error)
            raise ObjectNotFound from error

    def _renditions(self, image_id: ImageId, job_id: JobId) -> tuple[Renditions, Renditions]:
        with self.transactions.view() as tx:
            image = tx.images.get(image_id)
            if not image.is_public:
                raise ImageNotFound
            job = tx.jobs.get(job_id)
        if not isinstance(job, CompletedJob) or job.spec.image_id != image_id:
            raise JobNotFound
        if image.renditions is None or job.result.renditions is None:
            raise ObjectNotFound
        return image.renditions, job.result.renditions

    @retry_on_conflict
    def _put(self, job_id: JobId, card: Rendition) -> bool:
        with self.transactions.begin() as tx:
            return tx.renditions.put_card(job_id, card)
