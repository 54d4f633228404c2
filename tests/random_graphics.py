"""Random graphics: rectangles, ellipses, lines and words in saturated colors, from a seed or by Hypothesis."""

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
from attrs import frozen
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from graphic_drawings import Color, font

Kind = Literal["rectangle", "ellipse", "line", "word"]

WIDTH_PX: Final = 160
HEIGHT_PX: Final = 128
_KINDS: Final = get_args(Kind)
_LEVELS: Final = (0, 0, 255, 255, 128)  # of a channel: most colors are saturated
_SHAPES_MAX: Final = 12
_THICKNESS_PX_MAX: Final = 6


@frozen(kw_only=True)
class Shape:
    """A shape between two corners; lines are `thickness` pixels wide, letters 8 times as high."""

    kind: Kind
    corner: tuple[int, int]
    other: tuple[int, int]
    thickness_px: int
    color: Color


def drawn(background: Color, shapes: Sequence[Shape]) -> Image.Image:
    """Return the shapes, later ones over earlier ones."""
    picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), background)
    draw = ImageDraw.Draw(picture)
    for shape in shapes:
        (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(shape.corner, shape.other, strict=True))
        match shape.kind:
            case "rectangle":
                draw.rectangle((x0, y0, x1, y1), fill=shape.color)
            case "ellipse":
                draw.ellipse((x0, y0, x1, y1), fill=shape.color)
            case "line":
                draw.line((*shape.corner, *shape.other), fill=shape.color, width=shape.thickness_px)
            case "word":
                draw.text(shape.corner, "Spike 7", fill=shape.color, font=font(4 + 8 * shape.thickness_px))
    return picture


def seeded(seed: int) -> Image.Image:
    """Return the graphic of a seed."""
    chance = np.random.default_rng(seed)

    def color() -> Color:
        red, green, blue = (_LEVELS[number] for number in chance.integers(0, len(_LEVELS), 3))
        return red, green, blue

    def place() -> tuple[int, int]:
        return int(chance.integers(0, WIDTH_PX)), int(chance.integers(0, HEIGHT_PX))

    return drawn(
        color(),
        [
            Shape(
                kind=_KINDS[chance.integers(0, len(_KINDS))],
                corner=place(),
                other=place(),
                thickness_px=int(chance.integers(1, _THICKNESS_PX_MAX + 1)),
                color=color(),
            )
            for _ in range(_SHAPES_MAX)
        ],
    )


def graphics() -> st.SearchStrategy[Image.Image]:
    """Return all such graphics."""
    colors = st.tuples(*[st.sampled_from(sorted(set(_LEVELS)))] * 3)
    places = st.tuples(st.integers(0, WIDTH_PX - 1), st.integers(0, HEIGHT_PX - 1))
    shapes = st.builds(
        Shape,
        kind=st.sampled_from(_KINDS),
        corner=places,
        other=places,
        thickness_px=st.integers(1, _THICKNESS_PX_MAX),
        color=colors,
    )
    return st.builds(drawn, colors, st.lists(shapes, max_size=_SHAPES_MAX))
