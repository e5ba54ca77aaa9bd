"""From answers to the vote table and its report, and how reports write statistics.

Access to `analysis` for votes, beside `survey.planning` for designs.
"""

import csv
import io
import shlex
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
from django.db.models import Count, Max, Q, Sum
from pyarrow import csv as csv_reader
from pyarrow import parquet

from analysis import report
from analysis.metric_agreement.metric_table import MetricTable, MetricTableError
from analysis.reporting.formats.html import keep_statistics_whole
from analysis.reporting.formats.markdown import escape as escape_markdown
from analysis.votes.columns import COLUMNS, METHOD_COLUMNS
from analysis.votes.table import SIMULATED, NoVotesError, VoteTable

from .models import Answer, Option, Participation, Question, Study
from .models.participations import code_of
from .moments import BATCH, Moment, as_it_comes, in_batches, milliseconds, moments
from .set_metrics import MetricsRefused

__all__ = [
    "REPORT_FORMATS",
    "SIMULATED",
    "chart_of",
    "check_metrics",
    "codebook_lines",
    "columns_of",
    "command_of",
    "escape_markdown",
    "keep_statistics_whole",
    "study_report",
    "vote_lines",
    "vote_table",
    "votes_file_name",
    "votes_parquet",
]

METRICS_FILE = "metrics.csv"

# The columns of a study's vote table, beside those of the methods that its questions offer.
EXPORTED = (
    *("study", "participant", "position", "question", "kind", "label", "replicate"),
    *("chosen_position", "chosen_method", "correct", "shown_at", "answered_at", "response_ms"),
    *("status", "checks_passed", "kept", "simulated", "version", "design", "language"),
)

# File extension of a study's report: its content type and its format in `analysis`.
REPORT_FORMATS = {
    "html": ("text/html; charset=utf-8", "html"),
    "json": ("application/json", "json"),
    "txt": ("text/plain; charset=utf-8", "text"),
    "md": ("text/markdown; charset=utf-8", "markdown"),
    "tex": ("application/x-tex", "latex"),
    "csv": ("text/csv; charset=utf-8", "csv"),
}


def columns_of(study):
    """The columns of the study's vote table and what they hold; the codebook is made from this."""
    return _columns(study.n_options)


@lru_cache
def _columns(n_options):
    offered = METHOD_COLUMNS[:n_options]
    return {column: meaning for column, meaning in COLUMNS.items() if column in EXPORTED or column in offered}


# What a line is made from: when, what was shown and chosen, and by whom, which all of a person's lines share.
_CHOICE = ("planned__question_id", "planned__option_order", "option__number")
_PERSON = (
    *("planned__participation_id", "planned__participation__archived_code"),
    *("planned__participation__status", "planned__participation__checks_passed"),
    *map(as_it_comes, ("planned__participation__kept", "planned__participation__simulated")),
    "planned__participation__language",
)


def vote_lines(study, without=()):
    """The vote table as texts of CSV: the header, then up to BATCH lines at a time.

    `without` names columns to leave out, of those that tell of the whole participation.
    """
    yield _csv(column for column in columns_of(study) if column not in without) + "\n"
    person = lru_cache(maxsize=1)(partial(_person, study, without))
    choice = lru_cache(maxsize=2**14)(partial(_choice, _offered(study)))
    moment = (Moment("shown_at"), Moment("answered_at"))
    answers = Answer.objects.filter(planned__participation__study=study)
    answers = answers.order_by("planned__participation", "planned__position")
    answers = answers.values_list("planned__position", *moment, *_CHOICE, *_PERSON)
    for rows in in_batches(answers.iterator(chunk_size=BATCH)):
        yield "".join(_lines(rows, choice, person))


def _lines(rows, choice, person):
    shown_at, answered_at = (moments([row[place] for row in rows]) for place in (1, 2))
    spelled = (np.datetime_as_string(column, unit="ms") for column in (shown_at, answered_at))
    columns = (*spelled, milliseconds(shown_at, answered_at))
    for row, shown, answered, ms in zip(rows, *(column.tolist() for column in columns), strict=True):
        begin, end = person(*row[6:])
        chose = choice(*row[3:6])
        yield f"{begin},{row[0]},{chose},{shown}+00:00,{answered}+00:00,{ms},{end}\n"


def _person(study, without, number, archived_code, status, checks_passed, kept, simulated, language):
    """How each line of a participation begins, and how it ends."""
    told = {
        "status": status,
        "checks_passed": checks_passed,
        "kept": kept,
        "simulated": simulated,
        "version": study.version,
        "design": study.design_sha256,
        "language": language,
    }
    begin = _csv((study.slug, code_of(number, archived_code)))
    return begin, _csv(value for column, value in told.items() if column not in without)


def _offered(study):
    """The study's options by their question and number, a text."""
    options = Option.objects.filter(question__study=study).select_related("question", "class_map__method")
    return {(option.question_id, str(option.number)): option for option in options}


def _choice(offered, question_id, order, chosen):
    """The part of a line from the question to whether its right picture was chosen."""
    shown = [offered[question_id, option] for option in order]
    titles = [option.class_map.method.title for option in shown]
    place = 0 if chosen is None else order.index(str(chosen)) + 1
    question, picked = shown[0].question, shown[place - 1] if place else None
    correct = None if question.kind == Question.Kind.SCORED else bool(picked and picked.is_right)
    asked = (question.code, question.kind, question.label, question.replicate)
    return _csv((*asked, *titles, place, titles[place - 1] if place else "", correct))


class _Echo:
    """A file whose `write` hands the line back, so that a csv.writer can feed a streamed response."""

    def write(self, line):
        return line


def _csv(values):
    """The values as a part of a line of CSV, or as all of it, without its end.

    Each call has a writer of its own: a writer holds the line that it builds, and threads that export at the
    same time would mix their lines.
    """
    return csv.writer(_Echo(), lineterminator="\n").writerow(map(_spelled, values)).removesuffix("\n")


def vote_table(study):
    """The vote table as CSV, whole, in bytes."""
    return b"".join(map(str.encode, vote_lines(study)))


def votes_parquet(study, table=None):
    """The vote table as a Parquet file: the same texts as in the CSV, and the design's hash beside them.

    `table` is that CSV, bytes, where it is there already.
    """
    texts = csv_reader.ConvertOptions(column_types={name: pa.string() for name in columns_of(study)})
    lines = csv_reader.ParseOptions(newlines_in_values=True)
    read = csv_reader.read_csv(io.BytesIO(table or vote_table(study)), None, lines, texts).combine_chunks()
    named = {"design_sha256": study.design_sha256, "version": str(study.version)}
    out = pa.BufferOutputStream()
    parquet.write_table(read.replace_schema_metadata(named), out, compression="zstd")
    return out.getvalue().to_pybytes()


def votes_file_name(study):
    return f"{study.slug}-votes.csv"


def study_report(study, simulated="include", table=None):
    """The report on the very file that `vote_lines` exports, None while there is no vote to count.

    `simulated` is one of SIMULATED: everybody, people only, or simulated ones only. The primary test decides
    at the level of the study's plan. Metrics of the study's set are compared with the votes. `table` is
    that file, bytes, where it is there already.
    """
    metrics = study.explanation_set.metrics_csv
    plan = (
        *(simulated, study.primary_test, float(study.alpha), metrics.path if metrics else None),
        *(tuple(study.contrasts), study.baseline or None),
        None if study.smallest_difference is None else float(study.smallest_difference),
    )
    if table is not None:
        return _report_of(table, votes_file_name(study), *plan)
    return _report(_Votes(_state(study), study), *plan)


def _state(study):
    """What changes whenever the vote table does, in one query: names, and sums over the participations."""
    by_status = {status.name: Count("pk", filter=Q(status=status)) for status in Participation.Status}
    sums = study.participations.aggregate(
        answers=Sum("next_position"), at=Max("active_at"), kept=Count("pk", filter=Q(kept=True)), **by_status
    )
    return study.slug, study.version, study.design_sha256, *sums.values()


@dataclass(frozen=True)
class _Votes:
    """A study's votes, the same as others in the same state."""

    state: tuple
    study: Study = field(compare=False)


@lru_cache(maxsize=16)  # a page and its charts ask for the report in the same state one after another
def _report(votes, *plan):
    return _report_of(vote_table(votes.study), votes_file_name(votes.study), *plan)


def _report_of(table, name, simulated, primary, alpha, metrics, contrasts, baseline, smallest_difference):
    try:
        # Each method of a set has a name of its own, however alike they are.
        votes = VoteTable.from_csv(table, name, same_names="keep", missing_marks="keep")
        held = MetricTable.from_csv(Path(metrics).read_bytes(), METRICS_FILE) if metrics else None
        return report(
            votes,
            simulated=simulated,
            primary=primary,
            alpha=alpha,
            metrics=held,
            contrasts=contrasts,
            baseline=baseline,
            smallest_difference=smallest_difference,
        )
    except NoVotesError:
        return None


def check_metrics(data, name):
    """Raises MetricsRefused unless the bytes of a CSV file are a table of metrics."""
    try:
        MetricTable.from_csv(data, name)
    except MetricTableError as error:
        raise MetricsRefused(f"{error}.") from None


def chart_of(report, name):
    """The SVG of the report's chart of this name, with the design's hash; None if it has none."""
    chart = report.chart(name)
    if chart is None:
        return None
    frozen = f"<!-- design SHA-256 {report.design_sha256} --></svg>"
    return chart.svg.replace("</svg>", frozen) if report.design_sha256 else chart.svg


def command_of(report):
    """The shell command that computes the report from the files that the results page exports."""
    plan = report.plan
    options = {"--simulated": plan.simulated, "--primary": plan.primary, "--alpha": f"{plan.alpha:g}"}
    if plan.simulated == "include":
        del options["--simulated"]
    pairs = [*options.items(), *(("--contrast", text) for text in plan.contrasts)]
    if plan.baseline:
        pairs.append(("--baseline", plan.baseline))
    if plan.smallest_difference is not None:
        pairs.append(("--smallest-difference", f"{plan.smallest_difference * 100:g}"))  # in points
    if report.metrics:
        pairs.append(("--metrics", report.metrics.name))
    return shlex.join(["python", "-m", "analysis", "report", report.name, *chain.from_iterable(pairs)])


def codebook_lines(study):
    yield _csv(["column", "meaning"]) + "\n"
    for column, meaning in columns_of(study).items():
        if column == "design" and study.design_sha256:
            meaning = f"{meaning}: {study.design_sha256}"
        yield _csv([column, meaning]) + "\n"


def _spelled(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value
