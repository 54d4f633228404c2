"""Tasks: what a job does, and its inputs."""

from attrs import field, frozen, validators

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ObjectKey


@frozen(kw_only=True)
class JobInput:
    """A picture inside a job's request: an object of the job, not an image of its owner."""

    key: ObjectKey
    dimensions: Dimensions  # after EXIF orientation is applied
    size_bytes: int = field(default=0, validator=validators.ge(0))  # 0 if a release stored it that didn't record this


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
