"""Upper tails of the F and chi-squared distributions with their log10, down to p = 1e-10000 and below.

SciPy's `logsf` of these two distributions is the logarithm of `sf`, and so -inf where `sf` underflows: of
F(3, 328) = 64331 it gives p = 0, where log10 p is -10541.6. SciPy's `sf` is used as long as it keeps its
digits, and the tail's leading factor times a series after that.
"""

import math
import sys

from scipy import special, stats

SMALLEST = math.ulp(0.0)  # 4.9e-324, the smallest float above 0
_SAFE = sys.float_info.min / sys.float_info.epsilon  # below this, sf loses digits


def f_tail(statistic: float, df_between: float, df_within: float) -> tuple[float, float]:
    """Return p and log10 p of an F statistic; an underflowing p is the smallest float above 0.

    P(F > f) is the regularised incomplete beta I_x(a, b) with x = d2 / (d2 + d1 f), a = d2 / 2, b = d1 / 2;
    I_x(a, b) = x^a (1 - x)^b / (a B(a, b)) 2F1(a + b, 1; a + 1; x): DLMF 8.17.8.
    """
    p = float(stats.f.sf(statistic, df_between, df_within))
    if p > _SAFE:
        return p, math.log10(p)
    a, b = df_within / 2, df_between / 2
    odds = df_between / df_within * statistic  # (1 - x) / x
    log_x, log_rest = -math.log1p(odds), -math.log1p(1 / odds)
    log_p = a * log_x + b * log_rest - math.log(a) - float(special.betaln(a, b))
    return max(p, SMALLEST), (log_p + math.log(_series(a + b, a + 1, 1 / (1 + odds)))) / math.log(10)


def chi_square_tail(statistic: float, df: float) -> tuple[float, float]:
    """Return p and log10 p of a chi-squared statistic; p is never 0, as in `f_tail`.

    Gamma(a, x) = x^a e^-x U(1, a + 1, x): DLMF 8.5.3 and 13.2.40.
    """
    p = float(stats.chi2.sf(statistic, df))
    if p > _SAFE:
        return p, math.log10(p)
    a, x = df / 2, statistic / 2
    log_p = a * math.log(x) - x + math.log(float(special.hyperu(1, a + 1, x))) - math.lgamma(a)
    return max(p, SMALLEST), log_p / math.log(10)


def _series(upper: float, lower: float, x: float) -> float:
    """Return 2F1(upper, 1; lower; x) for 0 <= x < 1: all terms are positive, so that nothing cancels.

    SciPy's `hyp2f1` gives NaN at the thousands of degrees of freedom that a large study has.
    """
    term = total = 1.0
    n = 0
    while term > total * 1e-17:
        term *= x * (upper + n) / (lower + n)
        total += term
        n += 1
    return total
