"""Selection of a TIFF file's picture among pages, thumbnails, masks and reduced versions (TIFF 6.0, section 8)."""

import re
from collections.abc import Iterable
from typing import Final

from spike_core.domain.errors import MultiplePages, UndecodablePicture
from spike_imaging.tiff_directory import Directories, Directory
from spike_imaging.tiff_tags import Tag

_IS_REDUCED, _IS_MASK = 1, 4  # bits of NewSubfileType
_OTHER_KINDS: Final = ~0b111  # depth maps, semantic masks and other kinds added by later documents
_OLD_REDUCED: Final = 2  # of SubfileType
_MASK: Final = 4  # PhotometricInterpretation
_STACK: Final = re.compile(rb"ImageJ=[^\0]*?\nimages=(\d{1,9})\b")  # many planes in a single directory
_STACK_BYTES: Final = 4096  # of the description, in which the pattern is searched


def picture_page(directories: Directories) -> Directory:
    """Return the directory of the file's picture: its largest page in full resolution.

    Several pages in full resolution are several pictures, whatever their sizes. The pages nested in another (SubIFDs)
    belong to it. If there are only reduced versions, the largest is the picture.

    Raises:
        MultiplePages: there are several.
        UndecodablePicture: there is none.
    """
    pages = [page for page in directories.pages if _is_full(page)]
    if len(pages) > 1:
        raise MultiplePages(pages=len(pages))
    children = [child for child in directories.children if _is_full(child)]
    candidates = pages + children or [each for each in directories.all if _has_pixels(each) and not _is_other(each)]
    if not candidates:
        raise UndecodablePicture
    largest = max(candidates, key=_pixels)  # the first among equals, so a page precedes its children
    if largest not in pages and (equals := _count_as_large(children, largest)) > 1:
        raise MultiplePages(pages=equals)
    if (planes := _planes_of(largest)) > 1:
        raise MultiplePages(pages=planes)
    return largest


def _planes_of(page: Directory) -> int:
    """Return the number of planes in a single directory, as in ImageJ's stacks."""
    stack = _STACK.match(page.content(Tag.IMAGE_DESCRIPTION)[:_STACK_BYTES])
    return int(stack[1]) if stack else 1


def _count_as_large(directories: Iterable[Directory], one: Directory) -> int:
    return sum(_pixels(each) == _pixels(one) for each in directories)


def _pixels(directory: Directory) -> int:
    return directory.integer(Tag.IMAGE_WIDTH, 0) * directory.integer(Tag.IMAGE_LENGTH, 0)


def _has_pixels(directory: Directory) -> bool:
    return Tag.IMAGE_WIDTH in directory and Tag.IMAGE_LENGTH in directory


def _is_full(directory: Directory) -> bool:
    return _has_pixels(directory) and not _is_other(directory) and not _is_reduced(directory)


def _is_reduced(directory: Directory) -> bool:
    if Tag.NEW_SUBFILE_TYPE in directory:
        return bool(directory.integer(Tag.NEW_SUBFILE_TYPE, 0) & _IS_REDUCED)
    return directory.integer(Tag.SUBFILE_TYPE, 1) == _OLD_REDUCED


def _is_other(directory: Directory) -> bool:
    """Return whether a page is a mask or another auxiliary picture."""
    kind = directory.integer(Tag.NEW_SUBFILE_TYPE, 0)
    return bool(kind & _IS_MASK or kind & _OTHER_KINDS) or directory.integer(Tag.PHOTOMETRIC_INTERPRETATION, 0) == _MASK
