"""Section: the shares in each group of participants, and the test of the group x method interaction."""

from analysis import formatting as fmt
from analysis.inference.subgroups import MIN_PARTICIPANTS, Subgroups
from analysis.reporting.elements import Quantity, Section, Table
from analysis.significance import ALPHA


def section(result: Subgroups, alpha: float = ALPHA) -> Section:
    """Write the section; the interaction is judged at `alpha`."""
    test = result.interaction
    return Section(
        slug="subgroups",
        heading=f"Groups by {result.by}",
        verdict=_verdict(result, alpha),
        tables=(_table(result),) if result.groups else (),
        notes=tuple(_notes(result)),
        record={"subgroups": _record(result)},
        quantities=(
            *(
                Quantity("subgroup share", group.name, share.method, share.share, share.low, share.high)
                for group in result.groups
                for share in group.shares
            ),
            Quantity(
                "group x method interaction",
                result.by,
                value=test.partial_eta_squared,
                statistic=test.F,
                df1=test.degrees_of_freedom[0] if test.F is not None else None,
                df2=test.degrees_of_freedom[1] if test.F is not None else None,
                p=test.p,
                log10_p=test.log10_p,
            ),
        ),
        apa=_apa(result, alpha),
        method=(
            f"Groups by {result.by} were compared by the group x method interaction of a mixed ANOVA of the "
            "participants' shares with the Greenhouse-Geisser correction.",
        ),
    )


def _verdict(result: Subgroups, alpha: float) -> str:
    test = result.interaction
    if test.p is None:
        return f"Whether groups differ in their preferences is not tested: {test.note}."
    stated = f"group x method interaction, {test.statement}, {fmt.p_stated(test.p, test.log10_p)}"
    if test.p < alpha:
        return f"Preferences differ between groups: {stated}."
    return f"No difference in preferences between groups is shown: {stated}."


def _table(result: Subgroups) -> Table:
    rows = tuple(
        (
            group.name,
            share.method,
            fmt.count(group.n_participants),
            fmt.count(share.votes),
            fmt.percent(share.share),
            fmt.interval(share.low, share.high, fmt.percent),
        )
        for group in result.groups
        for share in group.shares
    )
    headings = (result.by, "Method", "Participants", "Votes", "Share", "95% CI")
    return Table(
        "subgroups", f"Shares for each {result.by}, with 95% confidence intervals", headings, rows, left=2
    )


def _notes(result: Subgroups) -> list[str]:
    notes = []
    if result.interaction.p is not None:
        epsilon = result.interaction.epsilon or 1.0
        notes.append(
            "The interaction is tested by a mixed ANOVA of the participants' shares with the "
            f"Greenhouse-Geisser correction, epsilon = {fmt.decimal(epsilon, 3)}. An interval of one group "
            "that excludes the share of another is not a test."
        )
    if result.left_out:
        listed = ", ".join(f"{name} ({fmt.count(n)})" for name, n in result.left_out)
        notes.append(f"Groups of fewer than {MIN_PARTICIPANTS} participants are left out: {listed}.")
    if result.n_missing:
        which = fmt.counted(result.n_missing, "participant")
        notes.append(
            f"{which} without a value of {result.by} {'is' if result.n_missing == 1 else 'are'} left out."
        )
    return notes


def _record(result: Subgroups) -> dict[str, object]:
    test = result.interaction
    return {
        "by": result.by,
        "groups": {
            group.name: {
                "n_participants": group.n_participants,
                "votes": {share.method: share.votes for share in group.shares},
                "shares": {share.method: share.share for share in group.shares},
                "share_intervals": {share.method: [share.low, share.high] for share in group.shares},
            }
            for group in result.groups
        },
        "left_out": dict(result.left_out),
        "n_missing": result.n_missing,
        "interaction": {
            "F": test.F,
            "df": list(test.degrees_of_freedom) if test.F is not None else None,
            "epsilon": test.epsilon,
            "p": test.p,
            "log10_p": test.log10_p,
            "partial_eta_squared": test.partial_eta_squared,
            "note": test.note,
        },
    }


def _apa(result: Subgroups, alpha: float) -> tuple[str, ...]:
    test = result.interaction
    if test.p is None or test.partial_eta_squared is None or test.epsilon is None:
        return ()
    effect = fmt.apa_share(test.partial_eta_squared)
    differed = "differed" if test.p < alpha else "did not differ significantly"
    return (
        f"Preferences {differed} between groups by {result.by}, {test.statement}, {fmt.apa_p(test.p)}, "
        f"partial η² = {effect}, Greenhouse-Geisser ε = {fmt.apa_share(test.epsilon)}.",
    )
