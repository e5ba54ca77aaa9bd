"""Measure an explanation set: its table of metrics, resumable and deterministic by seed.

Results are kept in the `.work` folder of the output and stay there: an interrupted evaluation continues where
it stopped, and additional metrics reuse the finished results.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from explanations import manifest
from explanations.metrics import figure, registry, retraining_curves, tasks
from explanations.metrics.context import LoadedSet, Source, load
from explanations.metrics.registry import Retraining
from explanations.metrics.results import Results, Value, summarise
from explanations.metrics.retraining_curves import Curve
from explanations.metrics.subject import Metric, Parameters
from explanations.metrics.tasks import CONTENTS, Content, MapTask, RetrainTask, Task
from explanations.models import execution
from explanations.running import lock
from explanations.running.atomic_files import refuse_no_folder, write_atomically
from explanations.running.parameters import apply_changes, refuse_unknown
from explanations.running.scheduling import Scheduling
from explanations.running.store import Store
from explanations.running.work import Step

WORK_FOLDER = ".work"
FILES = ("metrics.csv", "metrics.json", "metrics.svg")
LOCK_FILE = "lock"


@dataclass(frozen=True)
class Plan:
    """Metrics to compute. `parameters` overrides defaults, by metric: {"curves": {...}}."""

    metrics: tuple[str, ...] = registry.DEFAULT
    seed: int = 0
    parameters: dict[str, Parameters] = field(default_factory=dict)


def evaluate(
    source: Source,
    out: Path,
    plan: Plan,
    step: Step = lambda done, total, doing: None,
    scheduling: Scheduling = Scheduling(),  # noqa: B008, it is frozen
) -> Results:
    """Measure the set of `source`, or finish an interrupted evaluation.

    Writes metrics.csv, metrics.json and metrics.svg into `out`; if that is inside the set's folder, the
    manifest names them. `step(done, total, what is being done)` is called as the work continues. Raises
    ValueError with one line for anything that a user can correct.
    """
    settings = _settings(plan)
    refuse_no_folder(out)
    if source.model is None:
        _refuse_network([entry for entry, _ in settings], source)
    loaded = load(source)
    with execution.run_on(device=scheduling.device):
        planned = [
            (entry, parameters, _list_tasks(entry, parameters, loaded, plan.seed))
            for entry, parameters in settings
        ]
    work = out / WORK_FOLDER
    work.mkdir(parents=True, exist_ok=True)
    store = Store(work, CONTENTS)
    with lock.hold(work / LOCK_FILE, str(out)):
        everything = [task for _, _, listed in planned for task in listed]
        scheduling.complete(tasks.make_work(loaded, scheduling.device), everything, store, step)
        results = _collect(planned, store, loaded, plan)
        _write(out, results, source.folder)
    return results


def _settings(plan: Plan) -> list[tuple[Metric | Retraining, Parameters]]:
    """The chosen metrics with their parameters. Raises ValueError."""
    if plan.seed < 0:
        raise ValueError(f"--seed must be at least 0 (got {plan.seed})")
    entries = registry.choose_metrics(list(plan.metrics))
    refuse_unknown(plan.parameters, [entry.slug for entry in entries])
    return [
        (entry, apply_changes(entry.slug, entry.defaults, plan.parameters.get(entry.slug, {})))
        for entry in entries
    ]


def _refuse_network(entries: list[Metric | Retraining], source: Source) -> None:
    """Refuse metrics that need the network of a set. Raises ValueError."""
    for entry in entries:
        if isinstance(entry, Retraining) or entry.needs_network:
            others = ", ".join(registry.OF_MAPS_ALONE)
            raise ValueError(
                f"{entry.slug} needs the network that {source.folder} explains; name it with --model, "
                f"--weights and --data, or choose metrics of the maps alone: {others}"
            )


def _list_tasks(
    entry: Metric | Retraining, parameters: Parameters, loaded: LoadedSet, seed: int
) -> list[Task]:
    if isinstance(entry, Retraining):
        return list(tasks.list_retrain_tasks(entry, parameters, loaded, seed))
    return list(tasks.list_map_tasks(entry, parameters, loaded, seed))


# Collecting


def _collect(
    planned: list[tuple[Metric | Retraining, Parameters, list[Task]]],
    store: Store[Content],
    loaded: LoadedSet,
    plan: Plan,
) -> Results:
    values: list[Value] = []
    curves: list[Curve] = []
    for entry, _, listed in planned:
        if isinstance(entry, Retraining):
            found = _errors(listed, store)
            drawn = retraining_curves.curves(entry.slug, found)
            curves += drawn
            values += [_retrained(entry, curve) for curve in drawn]
        else:
            values += _measured(entry, listed, store)
    entries = [(entry, parameters) for entry, parameters, _ in planned]
    return Results(
        name=loaded.manifest.name,
        methods=loaded.titles,
        scores=tuple(score for entry, _ in entries for score in registry.scores_of(entry)),
        values=tuple(values),
        curves=tuple(curves),
        about={
            "seed": plan.seed,
            "dataset": loaded.manifest.dataset.sha256,
            "classifier": loaded.manifest.classifier.weights_sha256,
            "metrics": [
                {
                    "slug": entry.slug,
                    "title": entry.title,
                    "reference": entry.reference,
                    "parameters": parameters,
                }
                for entry, parameters in entries
            ],
            "versions": tasks.versions(),
        },
    )


def _measured(metric: Metric, listed: Iterable[Task], store: Store[Content]) -> list[Value]:
    values = []
    for task in listed:
        assert isinstance(task, MapTask)
        content = _read(task, store)
        for score in metric.scores:
            found = [float("nan") if x is None else x for x in content.get(score.slug, [])]
            mean, error, n = summarise(found)
            note = content.get("note", "" if mean is not None else "undefined for every image")
            values.append(Value(task.method, task.label, task.replicate, score.slug, mean, error, n, note))
    return values


def _errors(listed: Iterable[Task], store: Store[Content]) -> retraining_curves.Errors:
    errors: dict[tuple[str, int, float, int], float] = {}
    for task in listed:
        assert isinstance(task, RetrainTask)
        for order, error in zip(task.orders, _read(task, store)["errors"], strict=True):
            errors[*order, task.number] = error
    return errors


def _read(task: Task, store: Store[Content]) -> Content:
    content = store.read(task.digest)
    if content is None:
        raise ValueError(f"{task}: the result is no longer in {store.folder}; run the command again")
    return content


def _retrained(entry: Retraining, curve: Curve) -> Value:
    """A method's mean error over the shares removed, in percent; the seeds are its repetitions."""
    return Value(curve.method, "", curve.replicate, entry.score.slug, *summarise(curve.by_seed))


def _write(out: Path, results: Results, folder: Path) -> None:
    """Write the three files, then name them in the manifest if they are in the set's folder."""
    for name, text in zip(FILES, (results.to_csv(), results.to_json(), figure.draw(results)), strict=True):
        write_atomically(out / name, text.encode())
    inside, root = out.resolve(), folder.resolve()
    if inside.is_relative_to(root):
        manifest.name_metrics(folder, [str((inside / name).relative_to(root)) for name in FILES])
