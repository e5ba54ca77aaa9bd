"""min F': a test of equal means that generalises over participants and over stimuli at once.

A repeated-measures ANOVA of the participants' means (F1) and one of the stimuli's means (F2) come in; Clark's
min F' comes out. F1 alone treats the stimuli, and F2 alone the participants, as the only ones of interest.
"""

from dataclasses import dataclass

from analysis import formatting as fmt
from analysis.inference.repeated_measures import RepeatedMeasures
from analysis.numerics.tails import f_tail


@dataclass(frozen=True)
class MinF:
    """min F' with its degrees of freedom, and the two tests that it combines.

    None where undefined, and `note` then says why.
    """

    by_participants: RepeatedMeasures  # F1
    by_stimuli: RepeatedMeasures  # F2
    F: float | None
    df: tuple[float, float] | None
    p: float | None
    log10_p: float | None
    note: str | None = None

    @property
    def statement(self) -> str:
        """The test in one line: "min F'(2.07, 23.41) = 12.30"."""
        if self.F is None or self.df is None:
            return fmt.UNDEFINED
        first, second = (fmt.decimal(df, 2) for df in self.df)
        return f"min F'({first}, {second}) = {fmt.f_value(self.F)}"

    def __str__(self) -> str:
        rows = [
            ("Over participants (F1)", self.by_participants.statement, fmt.p_value(self.by_participants.p)),
            ("Over stimuli (F2)", self.by_stimuli.statement, fmt.p_value(self.by_stimuli.p)),
            ("Over both (min F')", self.statement, fmt.p_value(self.p, self.log10_p)),
        ]
        return fmt.text_table(("", "Greenhouse-Geisser", "p"), rows)


def min_f(by_participants: RepeatedMeasures, by_stimuli: RepeatedMeasures) -> MinF:
    """Combine F1 and F2 into min F' (Clark 1973, J. Verbal Learning and Verbal Behavior 12:335, p. 347).

    min F' = F1 F2 / (F1 + F2). Its denominator has (F1 + F2)^2 / (F1^2 / n2 + F2^2 / n1) degrees of freedom,
    where n1 and n2 are those of the denominators of F1 and F2. It is the lowest value that the quasi-F ratio
    F' of the full design can take, and is therefore conservative. To allow for departures from sphericity,
    each n is multiplied by the Greenhouse-Geisser epsilon of its own test, and the numerator's k - 1 by the
    smaller epsilon, which is conservative too.
    """
    tests = (by_participants, by_stimuli)
    notes = [f"{name}: {test.note}" for name, test in zip(("F1", "F2"), tests, strict=True) if test.note]
    if notes:
        return MinF(by_participants, by_stimuli, None, None, None, None, "; ".join(notes))
    F1, df1 = _defined(by_participants)
    F2, df2 = _defined(by_stimuli)
    first = min(df1[0], df2[0])
    if F1 + F2 == 0:  # equal means: the limit of both formulas for F1 = F2
        return MinF(by_participants, by_stimuli, 0.0, (first, 4 / (1 / df1[1] + 1 / df2[1])), 1.0, 0.0)
    F = F1 * F2 / (F1 + F2)
    second = (F1 + F2) ** 2 / (F1**2 / df2[1] + F2**2 / df1[1])
    return MinF(by_participants, by_stimuli, F, (first, second), *f_tail(F, first, second))


def _defined(test: RepeatedMeasures) -> tuple[float, tuple[float, float]]:
    assert test.F is not None
    assert test.df_corrected is not None
    return test.F, test.df_corrected
