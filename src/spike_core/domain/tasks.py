"""Tasks: what a job is to do, and what it takes to do it."""

from attrs import frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ObjectKey


@frozen(kw_only=True)
class JobInput:
    """A picture that came with a request: an object of its job, and in nobody's list of images."""

    key: ObjectKey
    dimensions: Dimensions  # as seen: after EXIF orientation


@frozen(kw_only=True)
class Enhancement:
    """Make an image larger, or smaller, and better."""

    image_id: ImageId


@frozen(kw_only=True)
class Blend:
    """Merge a picture into an image, then enhance it."""

    image_id: ImageId
    source: ImageId | JobInput


@frozen(kw_only=True)
class Generation:
    """Make a picture from words."""

    prompt: Prompt
    negative: Prompt | None
    aspect_ratio: AspectRatio


@frozen(kw_only=True)
class Modification:
    """Change a picture by words."""

    prompt: Prompt
    negative: Prompt | None
    input: JobInput


Task = Enhancement | Blend | Generation | Modification
Creation = Generation | Modification
