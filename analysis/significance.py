"""The significance level alpha, and the matching confidence level."""

ALPHA = 0.05


def check_alpha(alpha: float) -> float:
    """Return `alpha`; raise ValueError unless it lies between 0 and 1."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, such as 0.05 (got {alpha:g})")
    return alpha


def confidence(alpha: float) -> str:
    """The confidence level of intervals that match tests at `alpha`: 0.05 as "95%", 0.005 as "99.5%"."""
    return f"{100 - 100 * alpha:.15g}%"


def level_suffix(alpha: float) -> str:
    """Text to follow a test's name: " at 0.01"; empty at the usual level."""
    return "" if alpha == ALPHA else f" at {alpha:g}"
