"""The choice of networks for a picture, by its measured degradation.

A list of rules, of which the first that applies decides (docs/decisions/0087). A clean picture gets one network, in one
pass. `bench/neural_quality.py` shows how far each choice is from the best network, on photographs of packages that the
bounds were chosen on, and on others.
"""

from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen

from spike_ncnn.degradation import Degradation, Grain
from spike_ncnn.networks import NETWORKS, SPAN, SPAN_X4, SRMD, SRMD_X4, WAIFU2X

LANCZOS: Final = "lanczos"  # no network, at no cost
SHARE_MIN: Final = 0.25  # a network with less would cost as much time as the other one for hundredths of a dB
STRENGTH_NOISE_MAX: Final = 30.0  # of 255: the noise that the largest strength removes
STRENGTH_MAX: Final = 100
_GENTLE: Final = "waifu2x-0"  # removes light compression artifacts
_SMOOTH: Final = "waifu2x-3"  # removes noise and compression artifacts, and fine texture with them
_SMOOTH_BELOW: Final = 72.0  # where a line begins: the JPEG quality at which there would be only the smooth network
_GENTLE_FROM: Final = 103.0  # and where it ends: the one at which there would be only the gentle one
_SHOWN_MIN: Final = 2.5  # of 255: noise that compression left; less is its own trace
_FLAT_SHOWN_MIN: Final = 1.0  # the same in a picture that is nearly flat, where one sees any noise
_COMPRESSED_GAIN: Final = 1.5  # of the deviation, for SRMD: compression hides a part of the noise
_LIGHTLY_FROM: Final = 93.5  # the quality from which what is lost most is the resolution of color
_HARDLY_FROM: Final = 96.0
_LIGHTLY_SHARP, _HARDLY_SHARP = 0.5, 0.6  # the sharpest network's share there
_COLORFUL_MIN: Final = 1.65  # of `half`: with more, colors vary by themselves
_COLORFUL_LESS: Final = 0.3  # of the sharpest network, which sharpens coarse color wrongly
_FLAT_SMOOTH: Final = 0.5  # the smooth network's share beside the sharpest one, in a picture that is nearly flat
_FLAT_DENOISED: Final = 0.4  # the smooth network's share beside the one that removes noise, which blurs hard edges
_FLAT_NOISE_MAX: Final = 5.5  # of 255; more noise is left by the smooth network
_GRAY_GAIN: Final = 1.35  # of the deviation, for SRMD, which was not trained on noise that is equal in all colors
_WEAK_MAX: Final = 4.8  # of 255: coarse noise that hardly differs from texture
_SHARP_COARSE: Final = 0.5  # the sharpest network's share where texture and coarse noise are equal
_SHARP_FOURFOLD_MIN, _SHARP_FOURFOLD = 0.35, 1.2  # the same for 4 times, where SRMD takes more texture for noise
_SHARP: Final = 1.2  # and where texture and white noise are both 1 of 255
_SHARP_MAX: Final = 0.6  # beside white noise, which it leaves; not for 4 times, where fine texture is taken for noise
_SURE_MIN: Final = 2.0  # of 255: white noise with less may be fine texture
_SHARP_TEXTURE_MIN: Final = 1.5  # of 255; with less, the noise that a sharp network leaves outweighs what it sharpens
_PLAIN_MAX: Final = 1.2  # of texture: with no more, coarse noise is all that is left at half size
_SMOOTH_NOISE_MIN: Final = 6.5  # of 255, where noise must be left to waifu2x
_SMOOTHED: Final = 0.75  # the smooth network's share from which nothing is left to sharpen in a second pass
_FOURFOLD: Final = {SPAN.name: SPAN_X4.name, SRMD.name: SRMD_X4.name}
_INSTEAD: Final = {  # what takes the place of a network that isn't installed, before any other
    SPAN.name: WAIFU2X.name,
    SRMD.name: _SMOOTH,
    _GENTLE: WAIFU2X.name,
    _SMOOTH: SRMD.name,
}
_TWOFOLD: Final = tuple(name for name, network in NETWORKS.items() if network.scale == 2)  # noqa: PLR2004  # twice

Shares = Mapping[str, float]  # by the name of a network, or `LANCZOS`; they sum to 1


@frozen(kw_only=True)
class Choice:
    """The networks that enlarge a picture, and the deviation of the noise to remove."""

    shares: Shares
    noise: float = 0.0  # the deviation, of 255, of the noise that networks with a noise level remove

    @property
    def is_fourfold(self) -> bool:
        """Whether the networks enlarge by 4 in one pass."""
        return all(name in _FOURFOLD.values() for name in self.shares)

    def __str__(self) -> str:
        """Return the text for a result's method."""
        return " + ".join(f"{share:.2f} {name}{self._noise_of(name)}" for name, share in self.shares.items())

    def _noise_of(self, name: str) -> str:
        takes_noise = name in NETWORKS and NETWORKS[name].takes_noise
        return f" for noise {self.noise:.1f}" if takes_noise else ""


def choose(degradation: Degradation, *, factor: int, available: Collection[str], strength: int | None = None) -> Choice:
    """Return the networks for enlarging by `factor`, 2 or 4: for 4 at once, or for the first of two passes at 2.

    `strength`, 0 to `STRENGTH_MAX`, replaces what was measured: so much noise is removed, and with 0 none.
    """
    wanted = _measured(degradation, factor) if strength is None else _ordered(strength)
    chosen = Choice(shares=_present(wanted, available), noise=wanted.noise)
    fourfold = {_FOURFOLD.get(name, ""): share for name, share in chosen.shares.items()}
    if factor > 2 and set(fourfold) <= set(available):  # noqa: PLR2004  # twice
        return Choice(shares=fourfold, noise=wanted.noise)
    return chosen


def second_pass(first: Choice, *, available: Collection[str]) -> Choice | None:
    """Return the networks that double a picture a second time; `None` if Lanczos is as good.

    The first pass has cleaned the picture, so no measurement is needed. A picture that it smoothed has no detail left
    to sharpen.
    """
    if first.is_fourfold or first.shares.get(_SMOOTH, 0.0) >= _SMOOTHED or _GENTLE not in available:
        return None
    return Choice(shares={_GENTLE: 1.0})


def _measured(degradation: Degradation, factor: int) -> Choice:
    """Return the networks for a degradation, as if all were installed."""
    if degradation.is_clean:
        return Choice(shares={SPAN.name: 1.0})
    return _decompressing(degradation) if degradation.is_compressed else _denoising(degradation, factor)


def _decompressing(degradation: Degradation) -> Choice:
    if degradation.deviation >= (_FLAT_SHOWN_MIN if degradation.is_smooth else _SHOWN_MIN):
        return Choice(shares={SRMD.name: 0.5, _SMOOTH: 0.5}, noise=_COMPRESSED_GAIN * degradation.deviation)
    if _LIGHTLY_FROM <= degradation.quality < _HARDLY_FROM and degradation.is_smooth:
        return Choice(shares=_blend(_SMOOTH, SPAN.name, _FLAT_SMOOTH))
    if degradation.quality >= _LIGHTLY_FROM:
        sharp = _LIGHTLY_SHARP if degradation.quality < _HARDLY_FROM else _HARDLY_SHARP
        is_colorful = degradation.noise.half > _COLORFUL_MIN
        return Choice(shares=_blend(SPAN.name, _GENTLE, sharp - _COLORFUL_LESS * is_colorful))
    gentle = (degradation.quality - _SMOOTH_BELOW) / (_GENTLE_FROM - _SMOOTH_BELOW)
    return Choice(shares=_blend(_GENTLE, _SMOOTH, gentle))


def _denoising(degradation: Degradation, factor: int) -> Choice:
    choice = _denoising_texture(degradation, factor)
    if factor == 2 and degradation.is_smooth and degradation.deviation < _FLAT_NOISE_MAX:  # noqa: PLR2004  # twice
        return Choice(shares=_blend(_SMOOTH, SRMD.name, _FLAT_DENOISED), noise=choice.noise)
    return choice


def _denoising_texture(degradation: Degradation, factor: int) -> Choice:
    deviation, texture = degradation.deviation, degradation.texture
    if degradation.grain is Grain.GRAY:
        return Choice(shares={SRMD.name: 1.0}, noise=_GRAY_GAIN * deviation)
    coarse = degradation.grain is Grain.COARSE
    if coarse and factor > 2 and texture >= _SHARP_TEXTURE_MIN:  # noqa: PLR2004  # twice
        sharp = max(_SHARP_FOURFOLD_MIN, _SHARP_FOURFOLD * texture / deviation)
        return Choice(shares=_blend(SPAN.name, SRMD.name, sharp), noise=deviation)
    if coarse and deviation <= _WEAK_MAX:
        sharp = 0.0 if degradation.is_bare else 0.5  # there is nothing to sharpen but the noise
        return Choice(shares=_blend(SPAN.name, SRMD.name, sharp), noise=deviation)
    if coarse and texture <= _PLAIN_MAX:
        deviation = max(deviation, degradation.noise.half)
    # the finer a picture's texture, the more of it would be taken for noise, above all for noise that is as coarse
    sharp = _SHARP_COARSE * texture / deviation if coarse else _SHARP * texture / deviation**2
    if not coarse and factor == 2 and deviation >= _SURE_MIN:  # noqa: PLR2004  # twice
        sharp = min(sharp, _SHARP_MAX)
    return Choice(shares=_blend(SPAN.name, SRMD.name, sharp * (texture >= _SHARP_TEXTURE_MIN)), noise=deviation)


def _ordered(strength: int) -> Choice:
    if strength == 0:
        return Choice(shares={SPAN.name: 1.0})
    return Choice(shares={SRMD.name: 1.0}, noise=STRENGTH_NOISE_MAX * strength / STRENGTH_MAX)


def _blend(first: str, second: str, share: float) -> Shares:
    """Return the first network's share and the second's rest, or one alone if the other would have too little."""
    if share < SHARE_MIN:
        return {second: 1.0}
    if share > 1 - SHARE_MIN:
        return {first: 1.0}
    return {first: share, second: 1 - share}


def _present(wanted: Choice, available: Collection[str]) -> Shares:
    """Return the shares, with those of networks that aren't installed given to others."""
    shares: dict[str, float] = {}
    for name, share in wanted.shares.items():
        names = (name, _INSTEAD[name], *_TWOFOLD)
        taken = next((each for each in names if each in available), LANCZOS)
        shares[taken] = shares.get(taken, 0.0) + share
    if _SMOOTH in shares and SRMD.name not in available and wanted.noise and wanted.noise < _SMOOTH_NOISE_MIN:
        share = shares.pop(_SMOOTH)
        shares[_GENTLE] = shares.get(_GENTLE, 0.0) + share / 2
        shares[_SMOOTH] = share / 2
    return shares
