"""Notes to the numbers: exclusions, simulated participants, the source."""

from analysis import formatting as fmt
from analysis.reporting.results import Results
from analysis.significance import ALPHA, confidence


def notes(results: Results) -> tuple[str, ...]:
    """The notes that apply, in the order in which a reader needs them."""
    sentences = (
        _level(results),
        _simulated(results),
        _set_aside(results),
        _excluded(results),
        _unequal_votes(results),
        _frozen(results),
        _unanswered(results),
        _uncompared(results),
        *results.counts.notes,
        *results.table.notes,
    )
    return tuple(filter(None, sentences))


def simulated_label(results: Results) -> str:
    """A label for every heading: "simulated", "12 of 83 participants simulated", or nothing."""
    if results.n_simulated == 0:
        return ""
    if results.n_simulated == results.n_participants:
        return "simulated"
    return f"{fmt.count(results.n_simulated)} of {_n_participants(results)} simulated"


def labelled(text: str, label: str) -> str:
    """ "Shares of votes (simulated)"."""
    return f"{text} ({label})" if label else text


def source(results: Results, version: str | None) -> str:
    """The source of the numbers, in one line."""
    least = results.plan.min_passed
    rule = "" if least is None else f", participants with at least {fmt.counted(least, 'check')} passed"
    sha256 = results.table.sha256
    return (
        f"{results.name}{rule}; SHA-256 {sha256}; Beholder {version or 'checkout'}; seed {results.plan.seed}"
    )


def _level(results: Results) -> str:
    alpha = results.plan.alpha
    if alpha == ALPHA:
        return ""
    return (
        f"The significance level is {alpha:g}. Intervals of differences are simultaneous "
        f"{confidence(alpha)} confidence intervals; those of shares stay at 95%."
    )


def _simulated(results: Results) -> str:
    if not results.n_simulated:
        return ""
    verb = "is" if results.n_participants == 1 else "are"
    return f"{fmt.count(results.n_simulated)} of {_n_participants(results)} {verb} simulated."


def _set_aside(results: Results) -> str:
    n = results.counts.n_set_aside
    if not n:
        return ""
    kind = "real" if results.plan.simulated == "only" else "simulated"
    return f"{fmt.counted(n, f'{kind} participant')} not counted."


def _excluded(results: Results) -> str:
    counts = results.counts
    if not counts.excluded:
        return ""
    reasons = "; ".join(f"{reason}: {fmt.count(n)}" for reason, n in counts.excluded.items())
    excluded = counts.n_recruited - results.n_participants
    return f"{fmt.count(excluded)} of {fmt.counted(counts.n_recruited, 'participant')} excluded ({reasons})."


def _unequal_votes(results: Results) -> str:
    fewest, most = results.counts.answers_per_participant
    if fewest == most or results.by_offers:
        return ""
    return (
        f"Participants gave between {fewest} and {fmt.counted(most, 'answer')}. Shares and the cluster Wald "
        "test give every answer equal weight. All other tests and differences give every participant equal "
        "weight, so a difference need not equal the difference of two shares."
    )


def _frozen(results: Results) -> str:
    if not results.design_sha256:
        return ""
    return f"Design and analysis plan were frozen as SHA-256 {results.design_sha256}."


def _unanswered(results: Results) -> str:
    n = results.counts.n_unanswered
    return f"{fmt.counted(n, 'scored question')} without an answer." if n else ""


def _uncompared(results: Results) -> str:
    plan = results.plan
    planned = {
        "contrasts": plan.contrasts,
        "comparison with the baseline": plan.baseline,
        "equivalence": plan.smallest_difference,
    }
    names = [name for name, value in planned.items() if value]
    if not names or not results.by_offers:
        return ""
    return f"Not given, because methods were not offered equally often: {fmt.listed(names)}."


def _n_participants(results: Results) -> str:
    return fmt.counted(results.n_participants, "participant")
