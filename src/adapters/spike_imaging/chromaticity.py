"""Chromaticities of RGB color spaces, and the matrices derived from them."""

import math
from typing import Final, Self

from attrs import frozen

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]  # rows

_DETERMINANT_MIN: Final = 1e-4  # of the primaries' matrix: below, they are nearly collinear
_WHITE_Y_MIN: Final = 0.01
_D50: Final[Vector] = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 7.2.16
_BRADFORD: Final[Matrix] = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


@frozen
class Primaries:
    """White point and primaries of an RGB color space, as CIE 1931 x and y."""

    white: tuple[float, float]
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]

    @classmethod
    def of(cls, *coordinates: float) -> Self:
        """Return the primaries with eight coordinates in the order of PNG's `cHRM`: white, red, green, blue."""
        x_white, y_white, x_red, y_red, x_green, y_green, x_blue, y_blue = coordinates
        return cls((x_white, y_white), (x_red, y_red), (x_green, y_green), (x_blue, y_blue))

    @property
    def span_a_space(self) -> bool:
        """Whether they span a color space: all within 0 to 1, a white that isn't black, a triangle that isn't flat."""
        points = (self.white, self.red, self.green, self.blue)
        if not all(0 <= value <= 1 for point in points for value in point) or self.white[1] < _WHITE_Y_MIN:
            return False
        return abs(_determinant(self._directions())) >= _DETERMINANT_MIN and all(map(math.isfinite, self._scales()))

    def to_xyz_d50(self) -> Matrix:
        """Return the matrix from linear RGB to CIE XYZ, adapted to D50 by the Bradford transform (ICC.1:2022, E.3)."""
        scales = self._scales()
        rows = self._directions()
        to_xyz: Matrix = (_scaled(rows[0], scales), _scaled(rows[1], scales), _scaled(rows[2], scales))
        return product(_adaptation(_xyz(self.white)), to_xyz)

    def _directions(self) -> Matrix:
        red, green, blue = _direction(self.red), _direction(self.green), _direction(self.blue)
        return ((red[0], green[0], blue[0]), (red[1], green[1], blue[1]), (red[2], green[2], blue[2]))

    def _scales(self) -> Vector:
        return applied(inverse(self._directions()), _xyz(self.white))


def applied(matrix: Matrix, vector: Vector) -> Vector:
    """Return the product of a matrix and a column vector."""
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return (first, second, third)


def product(left: Matrix, right: Matrix) -> Matrix:
    """Return the product of two matrices."""
    columns: Matrix = (
        (right[0][0], right[1][0], right[2][0]),
        (right[0][1], right[1][1], right[2][1]),
        (right[0][2], right[1][2], right[2][2]),
    )
    return (applied(columns, left[0]), applied(columns, left[1]), applied(columns, left[2]))


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse of a matrix with a nonzero determinant."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    scale = 1 / _determinant(matrix)
    return (
        ((e * i - f * h) * scale, (c * h - b * i) * scale, (b * f - c * e) * scale),
        ((f * g - d * i) * scale, (a * i - c * g) * scale, (c * d - a * f) * scale),
        ((d * h - e * g) * scale, (b * g - a * h) * scale, (a * e - b * d) * scale),
    )


def _determinant(matrix: Matrix) -> float:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _direction(point: tuple[float, float]) -> Vector:
    x, y = point
    return (x, y, 1 - x - y)


def _xyz(point: tuple[float, float]) -> Vector:
    x, y = point
    return (x / y, 1.0, (1 - x - y) / y)


def _scaled(row: Vector, scales: Vector) -> Vector:
    return (row[0] * scales[0], row[1] * scales[1], row[2] * scales[2])


def _adaptation(white: Vector) -> Matrix:
    cones, wanted = applied(_BRADFORD, white), applied(_BRADFORD, _D50)
    gains: Matrix = (
        (wanted[0] / cones[0], 0.0, 0.0),
        (0.0, wanted[1] / cones[1], 0.0),
        (0.0, 0.0, wanted[2] / cones[2]),
    )
    return product(inverse(_BRADFORD), product(gains, _BRADFORD))
