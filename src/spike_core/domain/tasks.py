"""Tasks: what a job does, and its inputs."""

from attrs import frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ContentDigest, ObjectKey


@frozen(kw_only=True)
class JobInput:
    """A picture inside a job's request: an object of the job, not an image of its owner."""

    key: ObjectKey
    dimensions: Dimensions  # after EXIF orientation is applied
    digest: ContentDigest | None = None  # `None` if an older release stored it

    @property
    def size_bytes(self) -> int:
        """How large the object is; 0 if an older release stored it, which didn't record that."""
        return 0 if self.digest is None else self.digest.size_bytes


@frozen(kw_only=True)
class Enhancement:
    """Enhance an image at the tier's size."""

    image_id: ImageId


@frozen(kw_only=True)
class Blend:
    """Merge a second picture into an image, then enhance the blend."""

    image_id: ImageId
    source: ImageId | JobInput


@frozen(kw_only=True)
class Generation:
    """Generate a picture from a prompt."""

    prompt: Prompt
    negative: Prompt | None
    aspect_ratio: AspectRatio


@frozen(kw_only=True)
class Modification:
    """Modify a picture by a prompt."""

    prompt: Prompt
    negative: Prompt | None
    input: JobInput


Task = Enhancement | Blend | Generation | Modification
Creation = Generation | Modification
