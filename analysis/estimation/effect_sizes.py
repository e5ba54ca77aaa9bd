"""One-sided intervals of eta and omega squared by the noncentral F: an analysis of variance in, ends out.

What R's package effectsize prints: with 95 % confidence the effect is at least so large. It takes all numbers
as independent, as the one-way analysis does; intervals over participants are in `choice`.
"""

from scipy import optimize, stats

from analysis.estimation.estimates import Estimate
from analysis.inference.anova import OneWay

CONFIDENCE = 0.95


def one_sided(analysis: OneWay) -> dict[str, Estimate]:
    """Eta and omega squared of `analysis`, each from its lower end to 1; nothing where F is undefined.

    Steiger (2004), Psychological Methods 9:164. As in effectsize, the end of omega squared is that of an eta
    squared of its size.
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
    """The smallest share of variance that an F as large as that of `effect` does not exclude; at least 0."""
    if effect >= 1:
        return 1.0
    F = max(effect, 0.0) / (1 - effect) * df_within / df_between

    def excess(noncentrality: float) -> float:
        return float(stats.ncf.cdf(F, df_between, df_within, noncentrality)) - confidence

    if excess(0.0) <= 0:
        return 0.0
    # Where it is df_between F, the middle of the distribution lies near F: its end is before.
    noncentrality = float(optimize.brentq(excess, 0.0, df_between * F, xtol=1e-10, rtol=1e-13))
    return noncentrality / (noncentrality + df_within)
