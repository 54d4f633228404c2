"""Families of graphics made of single pixels and modules: pixel art, QR-like codes, halftones, checkerboards."""

from typing import Final

import numpy as np
from PIL import Image

from graphic_drawings import BLACK, WHITE, Color

_SPRITE: Final = (  # a rocket among stars
    "................",
    "..w....rr.......",
    "......rrrr....w.",
    "......rrrr......",
    ".....wwwwww.....",
    ".....wwccww.....",
    ".w...wccccw.....",
    ".....wwccww.....",
    ".....wwwwww...w.",
    "....rwwwwwwr....",
    "...rrwwrrwwrr...",
    "...rrwwrrwwrr...",
    "...rr.wwww.rr...",
    "......yyyy......",
    "..w...oyyo......",
    ".......oo....w..",
)
_SPRITE_COLORS: Final = {"r": (230, 0, 18), "w": WHITE, "c": (0, 160, 255), "y": (255, 240, 0), "o": (255, 96, 0)}


def pixel_art(block_px: int, background: Color) -> Image.Image:
    """Return sprites whose pixels are blocks."""
    rows = [[_SPRITE_COLORS.get(cell, background) for cell in row] for row in _SPRITE]
    sprite = np.asarray(rows, dtype=np.uint8)
    count = 128 // (16 * block_px)
    return blocks(np.tile(sprite, (count, count, 1)), block_px)


def qr_code(module_px: int, ink: Color = BLACK, paper: Color = WHITE) -> Image.Image:
    """Return a picture like a QR code: three finder patterns, random modules (no message), and a quiet zone."""
    side = 25 if module_px > 4 else 33
    dark = np.random.default_rng(module_px).random((side, side)) < 0.5
    finder = np.zeros((8, 8), dtype=bool)
    finder[:7, :7] = True
    finder[1:6, 1:6] = False
    finder[2:5, 2:5] = True
    dark[:8, :8] = finder
    dark[:8, -8:] = finder[:, ::-1]
    dark[-8:, :8] = finder[::-1]
    framed = np.pad(dark, 4)
    count = -(-128 // (len(framed) * module_px))  # several side by side if one is too small
    return blocks(colored(np.tile(framed, (count, count)), ink, paper), module_px)


def checkerboard(cell_px: int, one: Color = BLACK, other: Color = WHITE) -> Image.Image:
    """Return alternating cells."""
    count = 128 // cell_px
    odd = np.indices((count, count)).sum(axis=0) % 2 == 1
    return blocks(colored(odd, one, other), cell_px)


def stripes(period_px: int, one: Color, other: Color) -> Image.Image:
    """Return stripes of half a period: vertical above, horizontal below."""
    rows, columns = np.indices((128, 160))
    place = np.where(rows < 64, columns, rows)
    return Image.fromarray(colored(place % period_px < period_px // 2, one, other))


def halftone(pitch_px: int, ink: Color, paper: Color = WHITE) -> Image.Image:
    """Return dots on a grid turned by 45 degrees, growing from left to right, as in print."""
    rows, columns = np.indices((128, 160))
    along, across = (rows + columns) * np.pi / pitch_px, (rows - columns) * np.pi / pitch_px
    wave = (np.cos(along) + np.cos(across)) / 4 + 0.5
    return Image.fromarray(colored(wave < columns / 160, ink, paper))


def dithered(one: Color, other: Color) -> Image.Image:
    """Return a ramp dithered by a 4x4 Bayer matrix, in whole pixels."""
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16
    ramp = np.broadcast_to(np.linspace(0, 1, 160), (128, 160))
    return Image.fromarray(colored(ramp > np.tile(bayer, (32, 40)), one, other))


def blocks(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], side_px: int) -> Image.Image:
    """Return each pixel as a square block."""
    return Image.fromarray(pixels.repeat(side_px, axis=0).repeat(side_px, axis=1))


def colored(
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], one: Color, other: Color
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return one color where the mask is set, the other elsewhere."""
    return np.where(mask[..., np.newaxis], np.asarray(one, np.uint8), np.asarray(other, np.uint8))
