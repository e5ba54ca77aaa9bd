"""Numbers as text for reports: one rule for each kind of number, so that all formats agree.

No function shows "0" for a p above zero, or "-0.0".
"""

import math
from collections.abc import Callable, Sequence

MINUS = "\N{MINUS SIGN}"
UNDEFINED = "undefined"
_NOISE = 1e-12  # the rounding error of sums of shares
_LEVELS = (0.001, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.2)  # usual significance levels


def decimal(value: float, digits: int = 2) -> str:
    """`value` with `digits` decimals and a true minus sign; powers of ten outside 1e-`digits` to 1e9."""
    if value == 0:
        return f"{0:.{digits}f}"
    if abs(value) >= 1e9 or float(f"{value:.{digits}f}") == 0:
        text = _scientific(value, 2)
    else:
        text = f"{value:.{digits}f}"
    return text.replace("-", MINUS, 1) if value < 0 else text


def percent(share: float) -> str:
    """A share in [0, 1] as "56.6%"; only a share of 0 is "0.0%", and only a share of 1 "100.0%"."""
    if share <= _NOISE or share >= 1 - _NOISE:
        return f"{share * 100:.1f}%".removeprefix("-")
    text = _not_zero(share * 100, 1)
    return f"{text}%" if float(text) < 100 else f"{100 - float(_not_zero(100 - share * 100, 1)):.10g}%"


def points(difference: float) -> str:
    """A difference of shares in percentage points, signed: "+30.2", "−1.1", "+0.03", and "0.0" for zero."""
    if abs(difference) <= _NOISE:
        return "0.0"
    return ("+" if difference > 0 else MINUS) + _not_zero(abs(difference) * 100, 1)


def count(number: int) -> str:
    """1660 as "1,660"."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """1 and "vote" as "1 vote", 1660 and "vote" as "1,660 votes"."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def p_value(p: float | None, log10_p: float | None = None) -> str:
    """p for a table: "0.913", "0.0495", "5.22e-100"; below 1e-300 from its logarithm: "1.3e-421"."""
    if p is None:
        return UNDEFINED
    if log10_p is not None and log10_p < -300:
        return _power_of_ten(log10_p)
    if p == 1:
        return "1"
    if p > 0.9995:
        return "> 0.999"
    if p < 0.001:
        return _faithful(p, lambda digits: _scientific(p, digits - 1))
    return _faithful(p, lambda digits: f"{p:.{digits}f}" if p >= 0.1 else f"{p:#.{digits}g}")


def p_stated(p: float, log10_p: float | None = None) -> str:
    """p for a sentence in brackets: "p = 0.913", "p > 0.999"."""
    text = p_value(p, log10_p)
    return f"p {text}" if text.startswith(">") else f"p = {text}"


def statistic_and_p(statement: str, p: float | None, log10_p: float | None = None) -> str:
    """A test for a sentence: "F(3, 80) = 1.23, p = 0.304"; "undefined" without p."""
    return UNDEFINED if p is None else f"{statement}, {p_stated(p, log10_p)}"


def f_value(f: float | None) -> str:
    """A test statistic with two decimals: "338.22"."""
    return UNDEFINED if f is None else decimal(f, 2)


def share_of_variance(value: float | None) -> str:
    """An effect size up to 1 with three decimals: "0.756", "0.0003". Omega squared may be "−0.012"."""
    if value is None:
        return UNDEFINED
    if abs(value) <= _NOISE:
        return "0.000"
    return (MINUS if value < 0 else "") + _not_zero(abs(value), 3)


def probability(value: float, draws: int) -> str:
    """A simulated probability: "93.2%", and "< 0.1%" or "> 99.9%" near its ends.

    0 or 10,000 of 10,000 draws support no narrower statement.
    """
    edge = max(0.001, 3 / draws)  # the rule of three
    if value < edge:
        return f"< {edge * 100:.1f}%"
    return f"> {100 - edge * 100:.1f}%" if value > 1 - edge else percent(value)


def p_phrase(p: float) -> str:
    """p in a sentence: "p < 0.001", "p = 0.913"."""
    return "p < 0.001" if p < 0.001 else p_stated(p)


def apa_p(p: float) -> str:
    """p in the style of the APA: "p = .404", "p < .001".

    Three decimals, or more where rounding would move p across a usual significance level.
    """
    if p < 0.001:
        return "p < .001"
    if p > 0.9995:
        return "p > .999"
    text = next(t for t in (f"{p:.{d}f}" for d in range(3, 17)) if _same_side(float(t), p))
    return f"p = {text.removeprefix('0')}"


def apa_share(value: float, digits: int = 2) -> str:
    """A number that cannot exceed 1, in the style of the APA: ".76"."""
    return decimal(value, digits).replace("0.", ".", 1)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "A, B and C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def interval(low: float | None, high: float | None, show: Callable[[float], str]) -> str:
    """An interval for a table: "53.6% to 59.6%", "undefined"."""
    return UNDEFINED if low is None or high is None else f"{show(low)} to {show(high)}"


def confidence_interval(low: float, high: float, level: float = 0.95) -> str:
    """A confidence interval of a share, for a sentence: "95% CI [53.6, 59.6]"."""
    ends = ", ".join(percent(end).removesuffix("%") for end in (low, high))
    return f"{level * 100:g}% CI [{ends}]"


def text_table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A table in plain text: the first `left` columns aligned left, the others right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = []
    for cells in (headings, ["-" * width for width in widths], *rows):
        pairs = enumerate(zip(cells, widths, strict=True))
        lines.append("  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in pairs).rstrip())
    return "\n".join(lines)


def _faithful(p: float, shown: Callable[[int], str]) -> str:
    """Three digits, and more where rounding would move p across a usual significance level."""
    for digits in range(3, 17):
        text = shown(digits)
        if _same_side(float(text), p):
            return text
    return repr(p)


def _same_side(rounded: float, p: float) -> bool:
    """Return True if rounding moves p across no usual significance level."""
    return all((rounded < level) == (p < level) for level in _LEVELS)


def _not_zero(value: float, decimals: int) -> str:
    """A number above 0 with `decimals` decimals, or as many as its first digit needs, down to 1e-6."""
    while decimals < 6 and float(f"{value:.{decimals}f}") == 0:
        decimals += 1
    text = f"{value:.{decimals}f}"
    return text if float(text) > 0 else _scientific(value, 0)


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _power_of_ten(log10: float) -> str:
    """10 ** log10 with two significant digits, where a float would underflow."""
    exponent = math.floor(log10)
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    return f"1.0e{exponent + 1}" if mantissa == "10.0" else f"{mantissa}e{exponent}"
