"""The columns that say what a job is to do."""

from typing import Final, assert_never

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import InvariantViolated
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ContentDigest, ObjectKey
from spike_core.domain.tasks import Blend, Enhancement, Generation, JobInput, Modification, Task
from spike_sqlalchemy.prepared_statements import Parameters
from spike_sqlalchemy.rows import digest_row

_NO_TASK: Final[Parameters] = dict.fromkeys(
    (
        "image_id",
        "source_image_id",
        "input_key",
        "input_width_px",
        "input_height_px",
        "input_size_bytes",
        "input_sha256",
        "prompt",
        "negative_prompt",
        "aspect_ratio",
    )
)


def task_of(
    kind: str,
    *,
    image_id: str,
    source_image_id: str | None,
    input_key: str | None,
    input_size: tuple[int, int],
    input_digest: ContentDigest | None,
    prompt: str,
    negative_prompt: str | None,
    aspect_ratio: str,
) -> Task:
    """Return the task in these columns; the table's checks promise that those of its kind are there."""
    match kind:
        case "ENHANCEMENT":
            return Enhancement(image_id=ImageId(image_id))
        case "BLEND" if source_image_id is not None:
            return Blend(image_id=ImageId(image_id), source=ImageId(source_image_id))
        case "BLEND":
            return Blend(image_id=ImageId(image_id), source=_input_of(input_key, input_size, input_digest))
        case "GENERATION":
            return Generation(
                prompt=Prompt(prompt), negative=_negative_of(negative_prompt), aspect_ratio=AspectRatio(aspect_ratio)
            )
        case "MODIFICATION":
            return Modification(
                prompt=Prompt(prompt),
                negative=_negative_of(negative_prompt),
                input=_input_of(input_key, input_size, input_digest),
            )
        case _:
            raise AssertionError(f"the table knows no {kind}")


def task_row(task: Task) -> Parameters:
    """Return the columns of a task, those it doesn't need empty."""
    return {**_NO_TASK, **_own_columns(task)}


def _own_columns(task: Task) -> Parameters:
    match task:
        case Enhancement():
            return {"kind": "ENHANCEMENT", "image_id": task.image_id.text}
        case Blend():
            source = task.source
            columns = _input_row(source) if isinstance(source, JobInput) else {"source_image_id": source.text}
            return {"kind": "BLEND", "image_id": task.image_id.text, **columns}
        case Generation():
            return {
                "kind": "GENERATION",
                "prompt": task.prompt.text,
                "negative_prompt": None if task.negative is None else task.negative.text,
                "aspect_ratio": task.aspect_ratio.value,
            }
        case Modification():
            return {
                "kind": "MODIFICATION",
                "prompt": task.prompt.text,
                "negative_prompt": None if task.negative is None else task.negative.text,
                **_input_row(task.input),
            }
        case unreachable:
            assert_never(unreachable)


def _input_row(source: JobInput) -> Parameters:
    return {
        "input_key": source.key.text,
        "input_width_px": source.dimensions.width_px,
        "input_height_px": source.dimensions.height_px,
        **digest_row("input", source.digest),
    }


def _input_of(key: str | None, size: tuple[int, int], digest: ContentDigest | None) -> JobInput:
    if key is None:
        raise InvariantViolated("a stored task has its object's key")
    return JobInput(key=ObjectKey(key), dimensions=Dimensions(width_px=size[0], height_px=size[1]), digest=digest)


def _negative_of(text: str | None) -> Prompt | None:
    return None if text is None else Prompt(text)
