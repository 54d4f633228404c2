"""The coefficients of the blend, a row per feature and a column per name. Fitted, see docs/decisions/0027."""

from typing import Final

NAMES: Final = ("span", "waifu2x-0", "waifu2x-3", "lanczos")
SUMS: Final = (
    (2.436, 2.146, -0.296, -4.287),
    (-1.815, 0.582, 1.204, 0.029),
    (-1.870, -0.597, 2.420, 0.047),
    (-2.460, -0.289, 2.717, 0.032),
    (-0.209, -0.323, 0.556, -0.024),
    (2.025, -0.677, -1.363, 0.015),
    (1.606, -0.630, -1.021, 0.045),
)
