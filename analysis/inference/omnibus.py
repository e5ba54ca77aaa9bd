"""Omnibus tests of any difference, each with its null hypothesis and sample size.

Counts per participant come in. One test is primary: it decides, and is named before the votes are opened. The
paper's classic tests are always available and marked, because shares that add up to 1 are not independent.
Tests are computed when they are first read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from analysis import formatting as fmt
from analysis.inference.anova import OneWay, one_way, welch
from analysis.inference.dirichlet_multinomial import dirichlet_multinomial
from analysis.inference.hotelling import hotelling
from analysis.inference.permutation import Permutation, permutation_test
from analysis.inference.pooled_shares import pooled_wald
from analysis.inference.rank_tests import Friedman, RankPairs, friedman, rank_pairs
from analysis.inference.repeated_measures import RepeatedMeasures, repeated_measures
from analysis.numerics.resampling import SEED
from analysis.significance import ALPHA, level_suffix
from analysis.votes.table import Counts

EQUAL_MEANS = "equal mean shares"


@dataclass(frozen=True)
class Procedure:
    """Facts about an omnibus test that hold before any data.

    `null_hypothesis` is one phrase. `controls_error` says whether at most 7% of simulated studies in which
    that hypothesis is true are rejected at 5%, from `min_participants` participants on
    (docs/type_one_error.md). `by_default` says whether reports show the test without being asked.
    """

    title: str
    null_hypothesis: str
    controls_error: bool
    min_participants: int | None
    by_default: bool


PROCEDURES: Mapping[str, Procedure] = {
    "one-way": Procedure("One-way ANOVA", f"{EQUAL_MEANS}, all shares independent", False, None, True),
    "welch": Procedure("Welch's ANOVA", f"{EQUAL_MEANS}, all shares independent", False, None, False),
    "repeated-measures": Procedure("Repeated-measures ANOVA", EQUAL_MEANS, True, 30, True),
    "hotelling": Procedure("Hotelling's T²", EQUAL_MEANS, True, 30, True),
    "friedman": Procedure(
        "Friedman test", "methods exchangeable within participants, by ranks", True, 3, False
    ),
    "permutation": Procedure(
        "Permutation within participants", "methods exchangeable within participants", True, 2, True
    ),
    "dirichlet-multinomial": Procedure(
        "Dirichlet-multinomial likelihood ratio",
        "equal shares in a Dirichlet-multinomial model",
        True,
        40,
        False,
    ),
    "pooled-wald": Procedure(
        "Cluster Wald test of pooled shares", "equal shares of all votes", True, 30, False
    ),
}
NAMES = {name: procedure.title for name, procedure in PROCEDURES.items()}
LIBERAL = tuple(name for name, procedure in PROCEDURES.items() if not procedure.controls_error)
PRIMARY = "repeated-measures"
MIN_HOTELLING = 20  # participants below which Hotelling's test is not shown by default


class Test(Protocol):
    """The attributes of every test; where `p` is None, `note` says why."""

    @property
    def statistic(self) -> float | None: ...
    @property
    def degrees_of_freedom(self) -> tuple[float, ...]: ...
    @property
    def p(self) -> float | None: ...
    @property
    def log10_p(self) -> float | None: ...
    @property
    def note(self) -> str | None: ...
    @property
    def statement(self) -> str: ...


class Tests(Mapping[str, Test]):
    """Tests by name, each computed when it is first looked up."""

    def __init__(self, functions: Mapping[str, Callable[[], Test]]) -> None:
        self._functions, self._results = functions, dict[str, Test]()

    def __getitem__(self, name: str) -> Test:
        if name not in self._results:
            self._results[name] = self._functions[name]()
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)


@dataclass(frozen=True)
class Result:
    """One test of one table with everything that a report says of it; p is None where undefined.

    `trusted` says whether the test controls the type I error with this number of participants.
    """

    name: str
    title: str
    null_hypothesis: str
    controls_error: bool
    min_participants: int | None
    trusted: bool
    primary: bool
    shown: bool
    statistic: float | None
    degrees_of_freedom: tuple[float, ...]
    p: float | None
    log10_p: float | None
    at_floor: bool
    statement: str
    note: str | None

    @property
    def p_text(self) -> str:
        """p for a table: "0.0123", and "≤ 1e-4" where no permutation differed as much."""
        if self.p is None or not self.at_floor:
            return fmt.p_value(self.p, self.log10_p)
        mantissa, exponent = f"{self.p:.1e}".split("e")
        return f"≤ {mantissa.removesuffix('.0')}e{int(exponent)}"

    @property
    def p_phrase(self) -> str:
        """p in brackets: "p = 0.0123", "p ≤ 1e-4", "p undefined"."""
        if self.p is None or self.at_floor:
            return f"p {self.p_text}"
        return fmt.p_stated(self.p, self.log10_p)


@dataclass(frozen=True, eq=False)
class Omnibus:
    """All omnibus tests of `counts`, by their short names in the order of PROCEDURES.

    `primary` decides at `alpha`. With `all_tests`, every test is shown.
    """

    counts: Counts = field(repr=False)
    primary: str = PRIMARY
    seed: int = SEED
    alpha: float = ALPHA
    all_tests: bool = False

    @cached_property
    def tests(self) -> Mapping[str, Test]:
        """Every test by name; looking one up computes it.

        The Wald test of pooled shares is Hotelling's where all gave equally many answers, and is left out
        there unless it is primary.
        """
        exact = self.counts.exact
        functions: dict[str, Callable[[], Test]] = {
            "one-way": lambda: one_way(exact),
            "welch": lambda: welch(exact),
            "repeated-measures": lambda: repeated_measures(exact),
            "hotelling": lambda: hotelling(exact),
            "friedman": lambda: friedman(exact),
            "permutation": lambda: permutation_test(exact.values, self.seed),
            "dirichlet-multinomial": lambda: dirichlet_multinomial(self.counts.table),
        }
        if exact.totals.min() != exact.totals.max() or self.primary == "pooled-wald":
            functions["pooled-wald"] = lambda: pooled_wald(self.counts.table, exact.totals)
        return Tests(functions)

    @property
    def shown_names(self) -> tuple[str, ...]:
        """Names of the tests that a report shows."""
        return tuple(name for name in self.tests if self._is_shown(name))

    @property
    def results(self) -> tuple[Result, ...]:
        """All tests with their null hypotheses; this computes every one of them."""
        return tuple(self.result(name) for name in self.tests)

    @property
    def shown_results(self) -> tuple[Result, ...]:
        """The tests that a report shows."""
        return tuple(self.result(name) for name in self.shown_names)

    def result(self, name: str) -> Result:
        """One test with everything that a report says of it."""
        test, procedure = self.tests[name], PROCEDURES[name]
        return Result(
            name=name,
            title=procedure.title,
            null_hypothesis=procedure.null_hypothesis,
            controls_error=procedure.controls_error,
            min_participants=procedure.min_participants,
            trusted=self._is_trusted(name),
            primary=name == self.primary,
            shown=self._is_shown(name),
            statistic=test.statistic,
            degrees_of_freedom=test.degrees_of_freedom,
            p=test.p,
            log10_p=test.log10_p,
            at_floor=isinstance(test, Permutation) and test.is_at_floor,
            statement=test.statement,
            note=test.note,
        )

    @property
    def decisive(self) -> Test:
        """The primary test."""
        return self.tests[self.primary]

    @property
    def one_way(self) -> OneWay:
        """The classic test."""
        test = self.tests["one-way"]
        assert isinstance(test, OneWay)
        return test

    @property
    def repeated_measures(self) -> RepeatedMeasures:
        """The default primary test."""
        test = self.tests["repeated-measures"]
        assert isinstance(test, RepeatedMeasures)
        return test

    @property
    def friedman(self) -> Friedman:
        """Friedman's rank test."""
        test = self.tests["friedman"]
        assert isinstance(test, Friedman)
        return test

    @cached_property
    def rank_pairs(self) -> RankPairs | None:
        """All pairs by rank; None where Friedman's test is undefined."""
        return None if self.friedman.p is None else rank_pairs(self.counts.exact)

    @property
    def agreement(self) -> str:
        """One sentence: whether the tests of equal mean shares come to the same result.

        Only tests of the same null hypothesis are compared, and only those that control the type I error.
        """
        results = [
            self.result(name)
            for name, procedure in PROCEDURES.items()
            if procedure.null_hypothesis == EQUAL_MEANS and (name == PRIMARY or self._is_shown(name))
        ]
        defined = [result for result in results if result.p is not None]
        level = level_suffix(self.alpha)
        if not defined:
            return f"No test of {EQUAL_MEANS} is defined here."
        if len(defined) == 1:
            [only] = defined
            verb = "rejects" if _is_significant(only, self.alpha) else "does not reject"
            return f"{only.title} {verb} {EQUAL_MEANS}{level} ({only.p_phrase})."
        named = [f"{result.title} ({result.p_phrase})" for result in defined]
        rejecting = [_is_significant(result, self.alpha) for result in defined]
        if len(set(rejecting)) == 1:
            verb = "both reject" if rejecting[0] else "both do not reject"
            return f"{' and '.join(named)} {verb} {EQUAL_MEANS}{level}."
        first, second = sorted(zip(rejecting, named, strict=True), reverse=True)
        return f"{first[1]} rejects {EQUAL_MEANS}{level}, {second[1]} does not."

    def _is_shown(self, name: str) -> bool:
        if self.all_tests or name == self.primary:
            return True
        if name == "hotelling" and len(self.counts.participants) < MIN_HOTELLING:
            return False
        return PROCEDURES[name].by_default

    def _is_trusted(self, name: str) -> bool:
        least = PROCEDURES[name].min_participants
        return least is not None and len(self.counts.participants) >= least


def names() -> tuple[str, ...]:
    """Names of the tests that may be primary, as `report` and `--primary` take them."""
    return tuple(PROCEDURES)


def omnibus(
    counts: Counts,
    primary: str = PRIMARY,
    seed: int = SEED,
    alpha: float = ALPHA,
    all_tests: bool = False,
) -> Omnibus:
    """Test whether the methods, of which there must be two or more, differ.

    `primary` is one of `names()`; anything else raises ValueError. `seed` is that of the permutations.
    """
    if primary not in PROCEDURES:
        raise ValueError(f"primary must be one of {', '.join(names())} (got {primary!r})")
    return Omnibus(counts, primary, seed, alpha, all_tests)


def _is_significant(result: Result, alpha: float) -> bool:
    return result.p is not None and result.p < alpha
