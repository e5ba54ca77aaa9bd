"""The level at which a report judges: a p below it is a finding; intervals of differences leave it out."""

ALPHA = 0.05


def checked(alpha: float) -> float:
    """`alpha` itself. Raises ValueError unless it lies between 0 and 1."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha:g}; it must lie between 0 and 1, such as 0.05")
    return alpha


def confidence(alpha: float) -> str:
    """What intervals that belong to the decision hold: 0.05 as "95 %", 0.005 as "99.5 %"."""
    return f"{(1 - alpha) * 100:g} %"


def at(alpha: float) -> str:
    """ " at 0.01", to follow a test's name; empty at the usual level, which readers take for granted."""
    return "" if alpha == ALPHA else f" at {alpha:g}"
