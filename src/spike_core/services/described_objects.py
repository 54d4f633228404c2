"""What the rows say about an object: the name under which it is saved, its digest, its age."""

from datetime import datetime

from attrs import frozen

from spike_core.domain.file_names import picture_file_name, tier_label
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob, Job
from spike_core.domain.objects import ObjectKey


@frozen(kw_only=True)
class DescribedObject:
    """What the rows say about an object."""

    file_name: str  # for those who save it
    sha256: bytes | None  # `None` if an older release stored it, or it is derived from another
    stored_at: datetime

    @classmethod
    def of_image(cls, key: ObjectKey, image: Image) -> "DescribedObject":
        """Return the description of an image's object."""
        digest = image.digests.get(key)
        return cls(
            file_name=picture_file_name(image.name.text, key.format),
            sha256=None if digest is None else digest.sha256,
            stored_at=image.created_at,
        )

    @classmethod
    def of_job(cls, key: ObjectKey, job: Job, image: Image | None) -> "DescribedObject":
        """Return the description of a job's object; a result is named after the image and its tier."""
        result = job.result if isinstance(job, CompletedJob) and job.result.key == key else None
        name = job.id.text if image is None else image.name.text
        return cls(
            file_name=picture_file_name(name, key.format, label=tier_label(job.spec.tier) if result else ""),
            sha256=None if result is None else result.sha256,
            stored_at=job.ended_at if isinstance(job, CompletedJob) else job.spec.created_at,
        )
