"""Section: checks of the design, and the votes by class."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from analysis import formatting as fmt
from analysis.design_checks.agreement import Agreement
from analysis.design_checks.carelessness import Carelessness
from analysis.design_checks.classes import ClassByMethod
from analysis.design_checks.order import Order
from analysis.design_checks.position import Position
from analysis.design_checks.summary import Design
from analysis.inference.hotelling import Hotelling
from analysis.reporting.charts.canvas import Chart
from analysis.reporting.charts.interval_plots import Mark, describe, share_chart
from analysis.reporting.elements import Quantity, Section, Table
from analysis.significance import ALPHA

Row = tuple[str, str, str, str]
_HEADINGS = ("Check", "Result", "Test", "What it means")


def section(design: Design) -> Section | None:
    """Write the section; None if the table has no column that a check needs."""
    rows = tuple(_rows(design))
    if not rows:
        return None
    caption = (
        "Checks of the design, with the participant as the unit; no participant is excluded for failing one"
    )
    return Section(
        slug="design",
        heading="Checks of the design",
        verdict=_verdict(design.warnings),
        tables=(Table("design-checks", caption, _HEADINGS, rows, left=4), *_classes(design.class_by_method)),
        charts=() if design.position is None else (_position_chart(design.position),),
        record={"design_checks": _record(design)},
        quantities=tuple(_quantities(design)),
    )


def _verdict(warnings: tuple[str, ...]) -> str:
    return f"To look at: {'; '.join(warnings)}." if warnings else "No warnings."


def _rows(design: Design) -> Iterator[Row]:
    if design.position is not None:
        yield _position(design.position)
    if design.order is not None:
        yield from _order(design.order)
    if design.class_by_method is not None:
        yield _class_row(design.class_by_method)
    yield from _careless(design.careless)
    if design.chance_to_pass is not None:
        chance = fmt.percent(design.chance_to_pass) if design.chance_to_pass >= 0.001 else "under 0.1%"
        meaning = f"chance that random clicks pass at least {design.min_passed} of {design.n_checks} checks"
        yield "Random clicking", chance, "", meaning
    if design.agreement is not None:
        yield _agreement(design.agreement)


def _position(position: Position) -> Row:
    shares = " / ".join(fmt.percent(share) for share in position.shares)
    meaning = _judge(
        position.test.p, "positions were not chosen equally often", "no sign of a position effect"
    )
    return "Position of the chosen picture", shares, position.statement, meaning


def _order(order: Order) -> Iterator[Row]:
    method, change = max(order.changes.items(), key=lambda item: abs(item[1]))
    result = f"largest change {fmt.points(change)} points ({method})"
    meaning = _judge(order.test.p, "choices changed during the study", "no sign that choices changed")
    yield "First and second half", result, order.statement, meaning
    if order.slowing is not None:
        ratio, low, high = (fmt.decimal(x) for x in order.slowing)
        faster = order.slowing[2] < 1
        meaning = "answers became faster" if faster else "no sign that answers became faster"
        yield "Time of second half to first", ratio, f"95% CI [{low}, {high}]", meaning


def _class_row(classes: ClassByMethod) -> Row:
    test = f"{fmt.p_stated(classes.p)}, {fmt.count(classes.permutations)} permutations"
    meaning = _judge(classes.p, "which method is chosen depends on the class", "no sign that classes differ")
    return "Class by method", f"Cramér's V = {fmt.decimal(classes.cramers_v, 3)}", test, meaning


def _careless(careless: Carelessness) -> Iterator[Row]:
    people = fmt.counted(careless.n_participants, "participant")
    if careless.n_straight is not None:
        result = f"{fmt.count(careless.n_straight)} of {people}"
        yield "Nearly always the same position", result, "", "90% or more of at least 5 answers"
    if careless.n_fast is not None and careless.median_ms is not None:
        answers = fmt.counted(careless.n_answers, "answer")
        seconds = f"median {fmt.decimal(careless.median_ms / 1000, 1)} s"
        yield "Answers under 1 s", f"{fmt.count(careless.n_fast)} of {answers}", "", seconds
        yield "Participants with a median under 1 s", f"{careless.n_fast_people or 0} of {people}", "", ""


def _agreement(agreement: Agreement) -> Row:
    name = "Agreement on a question"
    if agreement.alpha is None or agreement.p is None:
        return name, fmt.UNDEFINED, "", agreement.note or ""
    result = f"Krippendorff's α = {fmt.decimal(agreement.alpha, 3)}"
    if agreement.kappa is not None:
        result = f"Fleiss' κ = {fmt.decimal(agreement.kappa, 3)}, {result}"
    same, chance = fmt.percent(agreement.same or 0), fmt.percent(agreement.same_by_chance or 0)
    meaning = f"two participants chose the same in {same}, by chance in {chance}"
    return name, result, fmt.p_stated(agreement.p), meaning


def _judge(p: float | None, significant: str, otherwise: str) -> str:
    if p is None:
        return fmt.UNDEFINED
    return significant if p < ALPHA else otherwise


def _classes(classes: ClassByMethod | None) -> tuple[Table, ...]:
    if classes is None:
        return ()
    rows = tuple(
        (label, *(fmt.count(n) for n in row))
        for label, row in zip(classes.labels, classes.votes.tolist(), strict=True)
    )
    return (Table("classes", "Votes by class", ("Class", *classes.methods), rows),)


def _position_chart(position: Position) -> Chart:
    marks = [
        Mark(f"Position {i}", fmt.percent(share), share, low, high)
        for i, (share, (low, high)) in enumerate(
            zip(position.shares, position.intervals, strict=True), start=1
        )
    ]
    description = (
        f"Share of answers for each display position, with 95% confidence intervals: {describe(marks)}."
    )
    return share_chart("position", "Position of the chosen picture", description, marks)


def _record(design: Design) -> dict[str, Any]:
    """The checks as JSON; a check that the table does not allow is null."""
    position, order, classes = design.position, design.order, design.class_by_method
    return {
        "position": position
        and {"shares": list(position.shares), "votes": list(position.votes)} | _test(position.test),
        "order": order and {"changes": order.changes, "time_ratio": order.slowing} | _test(order.test),
        "class_by_method": classes
        and {
            "labels": list(classes.labels),
            "methods": list(classes.methods),
            "votes": classes.votes.tolist(),
            "cramers_v": classes.cramers_v,
            "p": classes.p,
            "permutations": classes.permutations,
        },
        "carelessness": asdict(design.careless),
        "agreement": design.agreement and asdict(design.agreement),
        "chance_to_pass": design.chance_to_pass,
        "warnings": list(design.warnings),
    }


def _test(test: Hotelling) -> dict[str, Any]:
    return {"F": test.F, "df": list(test.df), "p": test.p, "log10_p": test.log10_p, "note": test.note}


def _quantities(design: Design) -> Iterator[Quantity]:
    if design.position is not None:
        yield _test_quantity("position of the chosen picture", design.position.test)
        for i, (share, (low, high)) in enumerate(
            zip(design.position.shares, design.position.intervals, strict=True), start=1
        ):
            yield Quantity("share of position", str(i), value=share, low=low, high=high)
    if design.order is not None:
        yield _test_quantity("first and second half", design.order.test)
    if design.class_by_method is not None:
        classes = design.class_by_method
        yield Quantity("class by method", value=classes.cramers_v, p=classes.p)
    if design.agreement is not None:
        yield Quantity("Krippendorff's alpha", value=design.agreement.alpha, p=design.agreement.p)


def _test_quantity(name: str, test: Hotelling) -> Quantity:
    return Quantity(name, statistic=test.F, df1=test.df[0], df2=test.df[1], p=test.p, log10_p=test.log10_p)
