"""Effect sizes of the methods together: eta squared, omega squared and Kendall's W.

Counts per participant or an analysis of variance come in, estimates come out.
"""

from scipy import optimize, stats

from analysis.estimation.intervals import Estimate
from analysis.inference.anova import OneWay
from analysis.votes.counting import Counts

CONFIDENCE = 0.95
_ZERO = 1e-12  # a sum of squares that rounding leaves where the truth is 0


def effect_sizes(counts: Counts) -> dict[str, Estimate]:
    """Eta squared, omega squared and Kendall's W of the participants' shares, without intervals.

    Percentile intervals of the bootstrap are not given: the statistics are biased upwards and the bootstrap
    doubles the bias. At shares of .40, .30, .20 and .10 and 20 participants they missed eta squared in 20% of
    simulated studies, and without a difference they excluded 0 in all. W = 12 S / (n^2 (k^3 - k) - n T), with
    T the correction for ties (Kendall and Gibbons 1990, Rank Correlation Methods, section 6.8); omega squared
    is that of Hays (1963). None where undefined; empty for one participant or one method.
    """
    n, k = counts.table.shape
    if n < 2 or k < 2:
        return {}
    shares = counts.shares  # (participants, methods)
    means = shares.mean(axis=0)
    between = float(n * ((means - means.mean()) ** 2).sum())
    within = float(((shares - means) ** 2).sum())
    error = within / (k * (n - 1))
    ranks = stats.rankdata(shares.round(12), axis=1)
    centred = ranks - (k + 1) / 2
    spread = float(n * (centred**2).sum())
    return {
        "eta squared": _quotient(between, between + within),
        "omega squared": _quotient(between - (k - 1) * error, between + within + error),
        "Kendall's W": _quotient(float((centred.sum(axis=0) ** 2).sum()), spread),
    }


def one_sided_effects(analysis: OneWay) -> dict[str, Estimate]:
    """Eta and omega squared of the classic analysis, with one-sided 95% confidence intervals that end at 1.

    They are those of R's effectsize (Steiger 2004, Psychological Methods 9:164): like the one-way analysis,
    they take all numbers as independent. The lower end of omega squared is that of an eta squared of its
    size. Empty where F is undefined.
    """
    if analysis.F is None or analysis.eta_squared is None or analysis.ms_within is None:
        return {}
    df, error = (analysis.df_between, analysis.df_within), analysis.ms_within
    total = analysis.ss_between + analysis.ss_within
    omega = (analysis.ss_between - df[0] * error) / (total + error)
    return {
        name: Estimate(value, lower_end(value, *df), 1.0)
        for name, value in (("eta squared", analysis.eta_squared), ("omega squared", omega))
    }


def lower_end(effect: float, df_between: int, df_within: int, confidence: float = CONFIDENCE) -> float:
    """Find the smallest share of variance that an F as large as that of `effect` does not exclude.

    The noncentral F is inverted by root finding. SciPy's own inverse, `scipy.special.ncfdtrinc`, gives
    0.72176 for eta squared of the NormLIME table, where R's effectsize and the series of the distribution
    give 0.72191. At least 0.
    """
    if effect >= 1:
        return 1.0
    F = max(effect, 0.0) / (1 - effect) * df_within / df_between

    def excess(noncentrality: float) -> float:
        return float(stats.ncf.cdf(F, df_between, df_within, noncentrality)) - confidence

    if excess(0.0) <= 0:
        return 0.0
    # At a noncentrality of df_between F, the middle of the distribution lies near F: the end is below it.
    noncentrality = float(optimize.brentq(excess, 0.0, df_between * F, xtol=1e-10, rtol=1e-13))
    return noncentrality / (noncentrality + df_within)


def _quotient(above: float, below: float) -> Estimate:
    return Estimate(above / below if below > _ZERO else None)
