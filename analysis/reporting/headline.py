"""The headline of a report: what the votes say, claiming no more than the tests do.

A lead is claimed only if the primary omnibus test is significant, and only over methods that the single-step
max-t comparison separates from the leader. Without a significant difference no leader is named.
"""

from collections.abc import Sequence

from analysis import formatting as fmt
from analysis.estimation.pairs import PairEstimate
from analysis.estimation.share_contrasts import FEW
from analysis.estimation.shares import Share
from analysis.estimation.simultaneous import BONFERRONI, MAX_T, T
from analysis.inference.omnibus import NAMES
from analysis.reporting.results import Results
from analysis.reporting.sections import choice_model
from analysis.reporting.sections.contrasts import largest_difference
from analysis.significance import confidence, level_suffix

# What a pair's p is called, by `PairEstimate.method`.
_COMPARISONS = {
    MAX_T: "simultaneous max-t",
    BONFERRONI: "Bonferroni-corrected paired t",
    T: "paired t",
    FEW: "Bonferroni-corrected intervals of few votes",
}


def answer(results: Results) -> str:
    """One to three plain sentences."""
    finding = _finding(results)
    none = results.none_share
    if none is None:
        return f"{participants(results)} cast {fmt.counted(results.n_votes, 'vote')}. {finding}"
    answers = fmt.counted(results.counts.n_answers, "answer")
    interval = f" ({_interval(none)})" if _interval(none) else ""
    return (
        f"{participants(results)} gave {answers}. {fmt.percent(none.share)}{interval} were "
        f'"none of these". {finding}'
    )


def participants(results: Results) -> str:
    """The participants, and how many of them are simulated."""
    if results.n_simulated == 0:
        return fmt.counted(results.n_participants, "participant")
    if results.n_simulated == results.n_participants:
        return fmt.counted(results.n_participants, "simulated participant")
    n = fmt.counted(results.n_participants, "participant")
    return f"{n} ({fmt.count(results.n_simulated)} of them simulated)"


def scope(results: Results) -> str:
    """The stimuli that the result holds for."""
    return (
        f"The result holds {results.stimuli.scope.phrase}. Whether it holds for other stimuli is another "
        'question: see "Beyond these stimuli".'
    )


def primary_phrase(results: Results, p: float) -> str:
    """The primary test and its p, for a sentence in brackets: "repeated-measures ANOVA, p = 0.012"."""
    name = NAMES[results.plan.primary]
    lower = name[0].lower() + name[1:] if name.startswith(("One", "Repeated", "Permutation")) else name
    return f"{lower}{level_suffix(results.plan.alpha)}, {fmt.p_phrase(p)}"


def _finding(results: Results) -> str:
    if results.worths is not None:
        return choice_model.headline(results.worths, results.worths.test, results.plan.alpha)
    leader = results.shares[0]
    if not results.comparable:
        return f"All votes were for {leader.method}. With one method there is nothing to compare."
    assert results.omnibus is not None
    p = results.omnibus.decisive.p
    if p is None:
        return _untested(results)
    test = primary_phrase(results, p)
    if p >= results.plan.alpha:
        return f"There is no evidence that the methods differ ({test}).{_bound(results)}"
    leaders = [share for share in results.shares if share.votes == leader.votes]
    if len(leaders) > 1:
        names = fmt.listed([share.method for share in leaders])
        return (
            f"The methods differ ({test}). {names} were chosen most often ({fmt.percent(leader.share)} "
            "each), but none of them more often than every other."
        )
    pairs = [pair for pair in results.pairs if pair.a == leader.method]
    return _lead(leader, pairs, test, results.plan.alpha)


def _bound(results: Results) -> str:
    """The largest difference still possible, if the plan names one of interest."""
    if results.equivalence is None or results.equivalence.largest is None:
        return ""
    return f" {largest_difference(results.equivalence.largest, confidence(results.plan.alpha))}"


def _untested(results: Results) -> str:
    """The finding where the primary test is undefined."""
    leader = results.shares[0]
    if results.n_participants == 1:
        return f"One participant says nothing about others, so no test is made. {_most(leader)}."
    assert results.omnibus is not None
    if results.omnibus.one_way.ss_between == 0:
        return "Every participant split their votes evenly, so no test is made."
    if results.omnibus.one_way.p is None:
        unanimous = results.unanimous
        if unanimous is not None and unanimous.p < results.plan.alpha:
            return (
                f"{_most(leader)}, by every participant more often than {unanimous.second} (sign test, "
                f"{fmt.p_phrase(unanimous.p)})."
            )
        return f"{_most(leader)}. Every participant split their votes alike, so no other test is made."
    name = NAMES[results.plan.primary]
    return f"{_most(leader)}. The primary test ({name}) is undefined here, so no difference is claimed."


def _most(leader: Share) -> str:
    return f"{leader.method} was chosen most often ({_share(leader)})"


def _share(share: Share) -> str:
    return ", ".join(filter(None, (fmt.percent(share.share), _interval(share))))


def _interval(share: Share) -> str:
    if share.low is None or share.high is None:
        return ""
    return fmt.confidence_interval(share.low, share.high)


def _lead(leader: Share, pairs: Sequence[PairEstimate], test: str, alpha: float) -> str:
    """The finding about the leader; `pairs` compare it with each other method."""
    significant = [pair for pair in pairs if pair.p_simultaneous is not None and pair.p_simultaneous < alpha]
    ahead = [pair for pair in significant if (pair.difference.value or 0) > 0]
    behind = [pair for pair in significant if (pair.difference.value or 0) < 0]
    undecided = [pair for pair in pairs if pair not in significant and pair.p_simultaneous is not None]
    untested = [pair.b for pair in pairs if pair.p_simultaneous is None]
    methods = dict.fromkeys(_COMPARISONS[pair.method] for pair in significant)
    comparison = f"{' and '.join(methods)}{level_suffix(alpha)}"
    if behind:  # possible where participants cast unequal numbers of votes
        others = fmt.listed([pair.b for pair in behind])
        return (
            f"{_most(leader)}, but less often than {others} if every participant has equal weight "
            f"({comparison}, {_describe_p(behind)})."
        )
    if not ahead:
        return f"The methods differ ({test}), but none was chosen significantly more often than any other."
    everyone = len(ahead) == len(pairs) > 1
    others = "each of the others" if everyone else fmt.listed([pair.b for pair in ahead])
    sentence = f"{_most(leader)}, more often than {others} ({comparison}, {_describe_p(ahead)})"
    if undecided:
        rest = fmt.listed([pair.b for pair in undecided])
        sentence += f"; its lead over {rest} is not significant ({_describe_p(undecided)})"
    if untested:
        sentence += (
            f"; its lead over {fmt.listed(untested)} does not vary between participants and is not tested"
        )
    return sentence + "."


def _describe_p(pairs: Sequence[PairEstimate]) -> str:
    """The p of one pair or of all: "p = 0.012", "every p < 0.001", "p = 0.002 to p = 0.03"."""
    values = sorted(pair.p_simultaneous for pair in pairs if pair.p_simultaneous is not None)
    phrases = list(dict.fromkeys(map(fmt.p_phrase, values)))
    if len(phrases) == 1:
        return phrases[0] if len(pairs) == 1 else f"every {phrases[0]}"
    return f"{phrases[0]} to {phrases[-1]}"
