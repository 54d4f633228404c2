"""A HEIF picture's color encoding, from what libheif has read of its boxes and stream."""

from collections.abc import Mapping
from typing import Any, Final

from spike_imaging.cicp import PEAK_CD_M2, ColorEncoding, encoding_of_nclx
from spike_imaging.color import is_profile

_MDCV_NITS: Final = 10_000  # its units in a cd/m2


def heif_encoding(info: Mapping[str, Any]) -> ColorEncoding:
    """Return a picture's encoding; its ICC profile takes precedence over the code points of an `nclx` box.

    `info` is that of a `pillow_heif.HeifImage`.
    """
    profile = bytes(info.get("icc_profile") or b"")
    if profile and is_profile(profile):
        return ColorEncoding(profile=profile)
    nclx = info.get("nclx_profile")
    if not nclx:
        return ColorEncoding()
    return encoding_of_nclx(
        int(nclx["color_primaries"]), int(nclx["transfer_characteristics"]), peak_cd_m2=_peak_cd_m2(info)
    )


def _peak_cd_m2(info: Mapping[str, Any]) -> float:
    """Return the brightest pixel's luminance from `clli`, otherwise the maximum luminance of the mastering display."""
    content = info.get("content_light_level") or {}
    if peak := content.get("max_content_light_level"):
        return float(peak)
    display = info.get("mastering_display_colour_volume") or {}
    if peak := display.get("max_display_mastering_luminance"):
        return float(peak) / _MDCV_NITS
    return PEAK_CD_M2
