"""Array types of pixels: rows, columns, then red, green and blue."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]  # height x width x 3, 0 to 255
Plane: TypeAlias = NDArray[np.float32]  # height x width, or with channels, on any scale
Light: TypeAlias = NDArray[np.float32]  # height x width x 3, 0 to 1; a network's output may exceed the range slightly
Planes: TypeAlias = NDArray[np.float32]  # channels x height x width: a network's input or output
