"""Output paths: where `spike enhance` writes, and in which format."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from attrs import frozen

from spike_core.domain.objects import PictureFormat
from spike_core.domain.tiers import Tier
from spike_runtime.offline import COMPARISON_FORMAT

# accepted file name extensions; the first one of each format is used for new names
EXTENSIONS: Final[Mapping[str, PictureFormat]] = {
    ".jpg": PictureFormat.JPEG,
    ".jpeg": PictureFormat.JPEG,
    ".png": PictureFormat.PNG,
    ".webp": PictureFormat.WEBP,
    ".avif": PictureFormat.AVIF,
}
ENGINES_OWN: Final = frozenset({PictureFormat.JPEG, PictureFormat.PNG})  # JPEG, or PNG where there is transparency


@frozen
class InvalidOutputPath(Exception):
    """The given output can't be used."""

    rule: str

    def __str__(self) -> str:
        """Return the message for the user."""
        return self.rule


@frozen(kw_only=True)
class OutputPath:
    """Where one picture's result goes: a folder, the name without its extension, and the accepted formats."""

    folder: Path
    stem: str
    extensions: Mapping[PictureFormat, str]

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Return the output path that is exactly this file.

        Raises:
            InvalidOutputPath: its extension isn't that of a format that Spike writes.
        """
        format_ = EXTENSIONS.get(path.suffix.lower())
        if format_ is None:
            known = ", ".join(EXTENSIONS)
            raise InvalidOutputPath(f"must end in {known}, or be a folder; a slash at the end creates one")
        return cls(folder=path.parent, stem=path.stem, extensions={format_: path.suffix})

    @classmethod
    def for_picture(cls, picture: Path, *, folder: Path, tier: Tier, formats: frozenset[PictureFormat]) -> Self:
        """Return an output path named after picture and tier, such as `cat-2k.jpg` for `cat.png`."""
        extensions = {format_: f".{format_.extension}" for format_ in formats}
        return cls(folder=folder, stem=f"{picture.stem}-{_suffix(tier)}", extensions=extensions)

    @property
    def formats(self) -> frozenset[PictureFormat]:
        """The accepted formats."""
        return frozenset(self.extensions)

    @property
    def ordered(self) -> PictureFormat | None:
        """The format that the path orders; `None` if the engine may choose."""
        return next(iter(self.extensions)) if len(self.extensions) == 1 else None

    @property
    def possible(self) -> tuple[Path, ...]:
        """Every path that the result may have, one per format."""
        return tuple(self.path(format_) for format_ in sorted(self.formats, key=lambda each: each.value))

    @property
    def comparison(self) -> Path:
        """The path of the comparison of before and after."""
        return self.folder / f"{self.stem}-compare.{COMPARISON_FORMAT.extension}"

    def path(self, format_: PictureFormat) -> Path:
        """Return the path of a result in one of `formats`."""
        return self.folder / f"{self.stem}{self.extensions[format_]}"


def _suffix(tier: Tier) -> str:
    return tier.name.removeprefix("TIER_").lower().replace("_", "-")
