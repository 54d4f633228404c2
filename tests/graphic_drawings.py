"""Families of drawn graphics: text, screens, logos, charts, windows, line art, neon, captions on photographs."""

import math
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pictures import photograph

Color = tuple[int, int, int]

BLACK: Final = (0, 0, 0)
WHITE: Final = (255, 255, 255)
RED: Final = (255, 0, 0)
GREEN: Final = (0, 255, 0)
BLUE: Final = (0, 0, 255)
YELLOW: Final = (255, 255, 0)
MAGENTA: Final = (255, 0, 255)
CYAN: Final = (0, 255, 255)
ORANGE: Final = (255, 127, 14)
CATEGORIES: Final = (
    (31, 119, 180),
    ORANGE,
    (44, 160, 44),
    (214, 39, 40),
    (148, 103, 189),
)  # as in chart libraries
EDITOR: Final = (30, 30, 30)
_SYNTAX: Final = ((86, 156, 214), (206, 145, 120), (78, 201, 176), (220, 220, 170), (212, 212, 212), (106, 153, 85))
_CODE: Final = (
    ("def ", "enhance", "(data: ", "bytes", ") -> ", "Picture:"),
    ("    # 4 times", " as large, ", "sharp at 100 %", "", "", ""),
    ("    size = ", "tier.output_size", "(", "original.size", ")", ""),
    ("    if ", "not data:", "", "", "", ""),
    ("        raise ", "EmptyFile", '("no bytes")', "", "", ""),
    ("    return ", "upscaler.enhance", "(data, ", "size=size", ")", ""),
)
_SENTENCES: Final = ("Hamburgefonstiv 0123", "The quick brown fox", "jumps over: 50% @ {x}", "WAVE Tj, fi; i.e. #7")


def font(size_px: float) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font, the same on every machine."""
    found = ImageFont.load_default(size_px)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


def text(size_px: int, color: Color, background: Color, *, smooth: bool = True) -> Image.Image:
    """Return lines of text, anti-aliased or of whole pixels."""
    picture = Image.new("RGB", (192, 128), background)
    draw = ImageDraw.Draw(picture)
    draw.fontmode = "L" if smooth else "1"
    line_px = math.ceil(size_px * 1.25)
    for number, top in enumerate(range(4, 128 - size_px // 2, line_px)):
        draw.text((5, top), _SENTENCES[number % len(_SENTENCES)], fill=color, font=font(size_px))
    return picture


def code(size_px: int, background: Color = EDITOR, colors: Sequence[Color] = _SYNTAX) -> Image.Image:
    """Return a screenshot of an editor: numbered lines with syntax colors, a selection and a caret."""
    picture = Image.new("RGB", (256, 176), background)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 60, 255, 60 + size_px + 3), fill=tuple(min(255, part + 24) for part in background))
    for number, top in enumerate(range(4, 170, size_px + 5)):
        draw.text((4, top), f"{number + 1:2}", fill=(133, 133, 133), font=font(size_px))
        left = 24.0
        for place, part in enumerate(_CODE[number % len(_CODE)]):
            draw.text((left, top), part, fill=colors[(number + place) % len(colors)], font=font(size_px))
            left += draw.textlength(part, font=font(size_px))
    draw.line((150, 60, 150, 60 + size_px + 3), fill=WHITE)
    return picture


def terminal(color: Color = GREEN) -> Image.Image:
    """Return a terminal: text of whole pixels on black, a line in reverse."""
    picture = Image.new("RGB", (256, 160), BLACK)
    draw = ImageDraw.Draw(picture)
    draw.fontmode = "1"
    for number, top in enumerate(range(2, 150, 12)):
        draw.text((3, top), f"$ ls -l /var/{number:03}  [OK]", fill=color if number % 3 else RED, font=font(10))
    draw.rectangle((0, 146, 255, 159), fill=color)
    draw.text((3, 147), "-- INSERT --  12,4  All", fill=BLACK, font=font(10))
    return picture


def logo(background: Color, disk: Color, square: Color, *, word: str = "LOGO") -> Image.Image:
    """Return flat shapes with jagged edges, and a word of 28 px."""
    picture = Image.new("RGB", (256, 160), background)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((30, 30, 110, 110), fill=disk)
    draw.rectangle((140, 40, 230, 120), fill=square)
    draw.text((40, 124), word, fill=WHITE if background != WHITE else BLACK, font=font(28))
    return picture


def overlapping(background: Color, colors: Sequence[Color], *, oversampled: int = 1) -> Image.Image:
    """Return disks, rings and a star over each other; anti-aliased where it is drawn larger and reduced."""
    side = 192 * oversampled
    picture = Image.new("RGB", (side, side), background)
    draw = ImageDraw.Draw(picture)
    for number, color in enumerate(colors):
        angle = number * 2 * math.pi / len(colors)
        x, y, r = side * (0.5 + 0.2 * math.cos(angle)), side * (0.5 + 0.2 * math.sin(angle)), side * 0.22
        draw.ellipse((x - r, y - r, x + r, y + r), fill=color)
        draw.ellipse((x - r * 0.6, y - r * 0.6, x + r * 0.6, y + r * 0.6), outline=background, width=3 * oversampled)
    points = [
        (side * (0.5 + r * math.sin(n * math.pi / 5)), side * (0.5 - r * math.cos(n * math.pi / 5)))
        for n, r in enumerate((0.2, 0.08) * 5)
    ]
    draw.polygon(points, fill=background)
    return picture if oversampled == 1 else picture.resize((192, 192), Image.Resampling.BOX)


def shapes(background: Color, count: int, *, step: int) -> Image.Image:
    """Return a drawing of many small shapes in all saturated colors, spread by multiples of `step`."""
    picture = Image.new("RGB", (224, 160), background)
    draw = ImageDraw.Draw(picture)
    colors = (RED, GREEN, BLUE, YELLOW, MAGENTA, CYAN, WHITE, BLACK)
    for number in range(count):
        x, y, r = number * step % 220, number * step * 7 % 156, 4 + number * 5 % 23
        box = (x - r, y - r, x + r, y + r)
        match number % 4:
            case 0:
                draw.rectangle(box, fill=colors[number % 8])
            case 1:
                draw.ellipse(box, fill=colors[number % 8])
            case 2:
                draw.line((x, y, 223 - y, 159 - x % 160), fill=colors[number % 8], width=1 + number % 5)
            case _:
                draw.text((x, y), "Ag&", fill=colors[number % 8], font=font(8 + number % 20))
    return picture


def bars(background: Color, colors: Sequence[Color], *, axis: Color = BLACK) -> Image.Image:
    """Return a bar chart over an axis of 1 px, with labels and a grid."""
    picture = Image.new("RGB", (256, 200), background)
    draw = ImageDraw.Draw(picture)
    for top in range(20, 180, 40):
        draw.line((10, top, 250, top), fill=tuple((a + 4 * b) // 5 for a, b in zip(axis, background, strict=True)))
    for number, color in enumerate(colors):
        left = 20 + number * 45
        draw.rectangle((left, 160 - number * 30, left + 35, 179), fill=color)
        draw.text((left + 4, 184), f"Q{number + 1}", fill=axis, font=font(11))
    draw.line((10, 180, 250, 180), fill=axis)
    return picture


def curves(background: Color, colors: Sequence[Color], *, width_px: int) -> Image.Image:
    """Return a line chart with a frame, ticks and a legend."""
    picture = Image.new("RGB", (256, 192), background)
    draw = ImageDraw.Draw(picture)
    ink = WHITE if sum(background) < 384 else BLACK
    draw.rectangle((24, 8, 248, 168), outline=ink)
    for number, color in enumerate(colors):
        points = [(x, 88 + 60 * math.sin(x / (17 + 6 * number) + number)) for x in range(25, 248, 2)]
        draw.line(points, fill=color, width=width_px)
        draw.line((180, 18 + 12 * number, 196, 18 + 12 * number), fill=color, width=width_px)
        draw.text((200, 12 + 12 * number), f"run {number}", fill=ink, font=font(9))
    for tick in range(24, 249, 28):
        draw.line((tick, 168, tick, 172), fill=ink)
        draw.text((tick - 4, 174), f"{tick}", fill=ink, font=font(9))
    return picture


def pie(background: Color, colors: Sequence[Color]) -> Image.Image:
    """Return a pie chart with white gaps and percentages."""
    picture = Image.new("RGB", (192, 192), background)
    draw = ImageDraw.Draw(picture)
    for number, color in enumerate(colors):
        start = number * 360 / len(colors)
        draw.pieslice((12, 12, 180, 180), start, start + 360 / len(colors), fill=color, outline=WHITE, width=2)
    for number in range(len(colors)):
        angle = math.radians((number + 0.5) * 360 / len(colors))
        draw.text((84 + 50 * math.cos(angle), 90 + 50 * math.sin(angle)), f"{number * 7}%", fill=WHITE, font=font(13))
    return picture


def window(*, desktop: Color, face: Color, title: Color, ink: Color, accent: Color) -> Image.Image:
    """Return a window with a title, a menu, fields, buttons and an icon."""
    picture = Image.new("RGB", (288, 192), desktop)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((16, 12, 271, 179), fill=face, outline=ink)
    draw.rectangle((17, 13, 270, 30), fill=title)
    draw.text((22, 15), "Save picture as…", fill=WHITE, font=font(12))
    draw.line((256, 17, 264, 25), fill=WHITE, width=2)
    draw.line((264, 17, 256, 25), fill=WHITE, width=2)
    draw.text((22, 34), "File   Edit   View   Help", fill=ink, font=font(11))
    draw.line((17, 50, 270, 50), fill=ink)
    for top, label in ((60, "Name"), (84, "Size"), (108, "Format")):
        draw.text((26, top + 2), label, fill=ink, font=font(11))
        draw.rectangle((84, top, 256, top + 17), outline=ink, fill=WHITE)
        draw.text((88, top + 3), label.lower() + ".png", fill=BLACK, font=font(10))
    draw.rounded_rectangle((110, 140, 180, 164), radius=6, fill=accent)
    draw.text((132, 145), "Save", fill=WHITE, font=font(12))
    draw.rounded_rectangle((190, 140, 256, 164), radius=6, outline=accent, width=2)
    draw.text((204, 145), "Cancel", fill=accent, font=font(12))
    draw.ellipse((28, 142, 48, 162), fill=RED)
    draw.rectangle((37, 146, 39, 158), fill=WHITE)
    return picture


def line_art(color: Color, background: Color, *, width_px: int) -> Image.Image:
    """Return thin lines in all directions, curves, and hatching."""
    picture = Image.new("RGB", (192, 192), background)
    draw = ImageDraw.Draw(picture)
    for number in range(24):
        angle = number * math.pi / 12
        draw.line((64, 64, 64 + 60 * math.cos(angle), 64 + 60 * math.sin(angle)), fill=color, width=width_px)
    for radius in range(10, 61, 10):
        draw.arc((128 - radius, 128 - radius, 128 + radius, 128 + radius), 0, 270, fill=color, width=width_px)
    for left in range(130, 190, 2 + 2 * width_px):
        draw.line((left, 2, left - 30, 60), fill=color, width=width_px)
    return picture


def neon(color: Color) -> Image.Image:
    """Return glowing letters on black: a blurred halo under a bright core."""
    glow = Image.new("RGB", (224, 128), BLACK)
    draw = ImageDraw.Draw(glow)
    draw.text((14, 34), "OPEN 24h", fill=color, font=font(44), stroke_width=2, stroke_fill=color)
    picture = glow.filter(ImageFilter.GaussianBlur(6)).point(lambda value: min(255, value * 5 // 4))
    draw = ImageDraw.Draw(picture)
    draw.text((14, 34), "OPEN 24h", fill=WHITE, font=font(44))
    draw.rounded_rectangle((6, 14, 217, 113), radius=16, outline=color, width=3)
    draw.rounded_rectangle((7, 15, 216, 112), radius=15, outline=WHITE, width=1)
    return picture


def captioned(name: str, size_px: int, color: Color, *, outline_px: int = 0, box: Color | None = None) -> Image.Image:
    """Return a photograph with a caption, in an outline or a box."""
    picture = photograph(name, size=(240, 176))
    draw = ImageDraw.Draw(picture)
    if box is not None:
        draw.rectangle((0, 170 - size_px - 8, 239, 175), fill=box)
    left_top = (12, 166 - size_px)
    draw.text(left_top, "-50% SALE", fill=color, font=font(size_px), stroke_width=outline_px, stroke_fill=BLACK)
    draw.text((6, 4), "12:34:56  REC", fill=color, font=font(12))
    return picture


def cut_out(picture: Image.Image, *, soft_px: int) -> Image.Image:
    """Return a picture with alpha: opaque within an ellipse, soft at its edge, arbitrary colors where it is hidden."""
    alpha = Image.new("L", picture.size, 0)
    ImageDraw.Draw(alpha).ellipse((8, 8, picture.width - 9, picture.height - 9), fill=255)
    clear = picture.convert("RGB")
    clear.putalpha(alpha.filter(ImageFilter.GaussianBlur(soft_px)) if soft_px else alpha)
    return clear


def lettering(size_px: int, color: Color) -> Image.Image:
    """Return letters surrounded by transparent black."""
    picture = Image.new("RGBA", (192, 128), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    for number, top in enumerate(range(4, 120 - size_px, size_px + 6)):
        draw.text((6, top), _SENTENCES[number % len(_SENTENCES)], fill=(*color, 255), font=font(size_px))
    draw.rectangle((150, 90, 180, 120), fill=(*color, 128))
    return picture
