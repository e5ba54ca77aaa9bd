"""Numbers to the text that stands in reports: one rule for each kind, so that page and terminal agree.

In goes a number, out comes a string that never shows "0" for a p above zero and never "-0.0".
"""

import math
from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"
UNDEFINED = "undefined"


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
    """A share in [0, 1] as "56.6 %"."""
    return f"{share * 100:.1f} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points, signed: "+30.2", "−1.1", and "0.0" for both zeros."""
    text = f"{abs(difference) * 100:.1f}"
    if float(text) == 0:
        return text
    return ("+" if difference > 0 else MINUS) + text


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
    if p >= 0.1:
        return f"{p:.3f}"
    return _significant(p) if p >= 0.001 else _scientific(p, 2)


def f_value(f: float | None) -> str:
    """A test statistic with two decimals: "338.22"."""
    return UNDEFINED if f is None else decimal(f, 2)


def share_of_variance(value: float | None) -> str:
    """An effect size up to 1 with three decimals: "0.756". Omega squared may lie below 0: "−0.012"."""
    if value is None:
        return UNDEFINED
    text = f"{abs(value):.3f}"
    return MINUS + text if value < 0 and float(text) > 0 else text


def probability(value: float, draws: int) -> str:
    """A probability that was found by simulation: "93.2 %", and "< 0.1 %" or "> 99.9 %" near its ends.

    Of 10,000 draws, none or all say no more than that.
    """
    edge = max(0.001, 3 / draws)  # the rule of three
    if value < edge:
        return f"< {edge * 100:.1f} %"
    return f"> {100 - edge * 100:.1f} %" if value > 1 - edge else percent(value)


def p_phrase(p: float) -> str:
    """p in a sentence: "p < 0.001", "p = 0.913"."""
    if p < 0.001:
        return "p < 0.001"
    text = p_value(p)
    return f"p {text}" if text.startswith(">") else f"p = {text}"


def text_table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A table in plain text: the first `left` columns set left, the numbers after them right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = []
    for cells in (headings, ["-" * width for width in widths], *rows):
        pairs = enumerate(zip(cells, widths, strict=True))
        lines.append("  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in pairs).rstrip())
    return "\n".join(lines)


def _significant(p: float) -> str:
    """Three significant digits, and more where rounding would move p across a usual level of significance."""
    for digits in range(3, 17):
        text = f"{p:#.{digits}g}"
        if all((float(text) < level) == (p < level) for level in (0.01, 0.05, 0.1)):
            return text
    return repr(p)


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _power_of_ten(log10: float) -> str:
    """10 ** log10 with two significant digits, where a float would underflow."""
    exponent = math.floor(log10)
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    return f"1.0e{exponent + 1}" if mantissa == "10.0" else f"{mantissa}e{exponent}"
