"""Gauss-Legendre quadrature on [0, 1], computed once for each number of nodes."""

from functools import lru_cache

from scipy import special

from analysis.numerics.arrays import Floats


@lru_cache(maxsize=8)
def gauss_legendre(n: int) -> tuple[Floats, Floats]:
    """The `n` nodes on [0, 1] and their weights, which sum to 1. Both arrays are read-only."""
    nodes, weights = special.roots_legendre(n)
    result = ((nodes + 1) / 2, weights / 2)
    for array in result:
        array.flags.writeable = False
    return result
