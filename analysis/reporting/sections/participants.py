"""Section: flow of participants, and the conclusion under other rules of inclusion."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from analysis import formatting as fmt
from analysis.design_checks.participant_flow import ALL_ANSWERS, Flow, Rule
from analysis.reporting.elements import Quantity, Section, Table

_MOST_ROWS = 60  # rules in the printed table


def section(flow: Flow) -> Section:
    """Write the section on the flow of participants and the multiverse."""
    return Section(
        slug="participants",
        heading="Participants",
        verdict=_verdict(flow),
        tables=tuple(_tables(flow)),
        notes=(*flow.notes, *_notes(flow)),
        record={"flow": _record(flow)},
        quantities=tuple(
            Quantity(
                "p of another rule", rule.checks, rule.speed, value=rule.share, p=rule.p, log10_p=rule.log10_p
            )
            for rule in flow.multiverse
        ),
        apa=(_apa(flow),),
        method=(_method(flow),),
    )


def _apa(flow: Flow) -> str:
    if not flow.excluded:
        return (
            "The participant was included."
            if flow.kept == 1
            else f"All {fmt.count(flow.kept)} participants were included."
        )
    reasons = "; ".join(f"{reason}: {fmt.count(n)}" for reason, n in flow.excluded)
    excluded = flow.recruited - flow.kept
    verb = "was" if excluded == 1 else "were"
    return (
        f"{fmt.count(excluded)} of {fmt.counted(flow.recruited, 'participant')} {verb} excluded ({reasons})."
    )


def _verdict(flow: Flow) -> str:
    return f"{fmt.count(flow.kept)} of {fmt.counted(flow.recruited, 'participant')} included"


def _tables(flow: Flow) -> list[Table]:
    steps = tuple((name, fmt.count(n)) for name, n in flow.steps)
    tables = [Table("flow", "Flow of participants", ("", "Participants"), steps)]
    if flow.multiverse:
        rows = tuple(_rows(flow.multiverse[:_MOST_ROWS]))
        headings = ("Included participants", "Answers", "Conclusion", "n", "Votes", "Most votes", "p")
        caption = "The conclusion if other participants or answers had been included"
        tables.append(Table("multiverse", caption, headings, rows, left=3))
    return tables


def _rows(rules: Iterable[Rule]) -> Iterator[tuple[str, ...]]:
    """A row for each rule; neighbours that include the same answers share one."""
    for cells, same in groupby(rules, key=_cells):
        checks = [rule.checks for rule in same]
        yield (checks[0] if len(checks) == 1 else f"{checks[0]} to {checks[-1]}", *cells)


def _cells(rule: Rule) -> tuple[str, ...]:
    return (
        rule.speed,
        rule.conclusion,
        fmt.count(rule.n_participants),
        fmt.count(rule.n_votes),
        f"{rule.leader} {fmt.percent(rule.share)}",
        fmt.p_value(rule.p, rule.log10_p),
    )


def _notes(flow: Flow) -> list[str]:
    if not flow.multiverse:
        return []
    crossed = len({rule.speed for rule in flow.multiverse}) > 1
    notes = [flow.stable]
    notes.append(
        ("Every rule on attention checks is crossed with every rule on response times. " if crossed else "")
        + "Each rule is judged by the primary test and, where that is significant, by single-step "
        "comparisons of the method with the most votes. The rules share most of their data, so that their "
        "agreement is not independent evidence."
    )
    if len(flow.multiverse) > _MOST_ROWS:
        notes.append(f"The table shows the first {_MOST_ROWS} of {len(flow.multiverse)} rules.")
    return notes


def _record(flow: Flow) -> dict[str, object]:
    return {
        "recruited": flow.recruited,
        "complete": flow.complete,
        "included": flow.kept,
        "excluded": dict(flow.excluded),
        "notes": list(flow.notes),
        "reported_rule": {"checks": flow.reported, "speed": ALL_ANSWERS},
        "multiverse": [
            {
                "checks": rule.checks,
                "speed": rule.speed,
                "n_participants": rule.n_participants,
                "n_votes": rule.n_votes,
                "leader": rule.leader,
                "share": rule.share,
                "p": rule.p,
                "log10_p": rule.log10_p,
                "conclusion": rule.conclusion,
            }
            for rule in flow.multiverse
        ],
    }


def _method(flow: Flow) -> str:
    """Recruitment and exclusions in the words of CONSORT."""
    first = f"{fmt.counted(flow.recruited, 'participant')} took part"
    if flow.complete is not None and flow.complete != flow.recruited:
        first += f", of whom {fmt.count(flow.complete)} completed the study"
    if not flow.excluded:
        who = "The participant was" if flow.kept == 1 else "All were"
        return f"{first}. {who} included in the analysis."
    reasons = "; ".join(f"{reason}, n = {n}" for reason, n in flow.excluded)
    n = sum(n for _, n in flow.excluded)
    excluded, included = (f"{fmt.count(i)} {'was' if i == 1 else 'were'}" for i in (n, flow.kept))
    return f"{first}. Of these, {excluded} excluded ({reasons}) and {included} analysed."
