"""Lines of equal height through a grid of values: marching squares."""

import numpy as np
from jaxtyping import Float

# The edges of a cell that the line crosses, by which of its corners are above: lower left 1, lower right 2, upper
# right 4, upper left 8. Edges: bottom 0, right 1, top 2, left 3. Of two lines in a cell each cuts off a corner above.
_CROSSED = {
    1: [(3, 0)], 2: [(0, 1)], 3: [(3, 1)], 4: [(1, 2)], 5: [(3, 0), (1, 2)], 6: [(0, 2)], 7: [(3, 2)],
    8: [(2, 3)], 9: [(0, 2)], 10: [(0, 1), (2, 3)], 11: [(1, 2)], 12: [(1, 3)], 13: [(0, 1)], 14: [(3, 0)],
}  # fmt: skip


def contour(
    x: Float[np.ndarray, "columns"], y: Float[np.ndarray, "rows"], z: Float[np.ndarray, "rows columns"], height: float
) -> tuple[Float[np.ndarray, "points"], Float[np.ndarray, "points"]]:
    """Return x and y of the pieces of a line where z is `height`; after each piece of two points stands a NaN.

    >>> x, y = contour(np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([[0.0, 1.0], [0.0, 1.0]]), 0.25)
    >>> x.tolist(), y.tolist()
    ([0.25, 0.25, nan], [0.0, 2.0, nan])
    """
    # The case of each cell is a sum of its corners above, so that 0 and 15 are cells without a line.
    above = (z > height).astype(int)
    cases = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    pieces = []
    for row, column in np.argwhere((cases > 0) & (cases < 15)).tolist():
        corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
        for edges in _CROSSED[int(cases[row, column])]:
            pieces += [_crossing(x, y, z, height, corners[edge], corners[(edge + 1) % 4]) for edge in edges]
            pieces.append((np.nan, np.nan))
    segments = np.array(pieces, dtype=float).reshape(-1, 2)
    return segments[:, 0], segments[:, 1]


def _crossing(
    x: Float[np.ndarray, "columns"],
    y: Float[np.ndarray, "rows"],
    z: Float[np.ndarray, "rows columns"],
    height: float,
    start: tuple[int, int],
    end: tuple[int, int],
) -> tuple[float, float]:
    """Return the point where the line crosses the edge between two corners, by linear interpolation."""
    share = (height - z[start]) / (z[end] - z[start])
    from_x, to_x, from_y, to_y = x[start[1]], x[end[1]], y[start[0]], y[end[0]]
    return float(from_x + share * (to_x - from_x)), float(from_y + share * (to_y - from_y))
