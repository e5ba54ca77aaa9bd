"""An explanation set in, its table of metrics out: resumable, deterministic by seed, over several processes.

The pieces are kept in the folder's `.work` and stay there: an interrupted evaluation goes on where it
stopped, more metrics cost only themselves, and several machines can each do a part of one folder.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path

from explanations import manifest
from explanations.metrics import figure, registry, retraining_curves, tasks
from explanations.metrics.context import Material, Source, loaded
from explanations.metrics.registry import Retraining
from explanations.metrics.results import Results, Value, summarised
from explanations.metrics.retraining_curves import Curve
from explanations.metrics.subject import Metric, Parameters, unwatched
from explanations.metrics.tasks import MapTask, RetrainTask, Task
from explanations.running.atomic_files import refuse_no_folder, write_atomically
from explanations.running.parameters import changed, refuse_unknown
from explanations.running.processes import spread

WORK_FOLDER = ".work"
FILES = ("metrics.csv", "metrics.json", "metrics.svg")
LIBRARIES = ("numpy", "scipy", "torch")

Step = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure. `parameters` holds what differs from the defaults, by metric: {"curves": {...}}."""

    metrics: tuple[str, ...] = registry.DEFAULT
    seed: int = 0
    parameters: dict[str, Parameters] = field(default_factory=dict)
    processes: int = 1
    part: tuple[int, int] = (1, 1)  # of the pieces, this share only: (2, 3) is the second of three


def evaluate(
    source: Source, out: Path, plan: Plan, step: Step = lambda done, total, doing: None
) -> Results | None:
    """Measure the set of `source`, or finish it; None while other parts have pieces to do.

    Writes metrics.csv, metrics.json and metrics.svg into `out`; where that lies in the set's folder, the
    manifest names them. `step(done, total, what is being done)` is called as the work goes on. Raises
    ValueError with one line for what a person can mend.
    """
    settings = _settings(plan)
    refuse_no_folder(out)
    material = loaded(source)
    planned = [
        (entry, parameters, _tasks(entry, parameters, material, plan.seed)) for entry, parameters in settings
    ]
    work = out / WORK_FOLDER
    work.mkdir(parents=True, exist_ok=True)
    everything = [task for _, _, listed in planned for task in listed]
    number, of = plan.part
    _run(everything[number - 1 :: of], work, material, plan.processes, step)
    if not all(tasks.is_done(task, work, material) for task in everything):
        return None
    results = _collected(planned, work, material, plan)
    _write(out, results, source.folder)
    return results


def _settings(plan: Plan) -> list[tuple[Metric | Retraining, Parameters]]:
    """The chosen metrics with their parameters. Raises ValueError."""
    number, of = plan.part
    if not 1 <= number <= of:
        raise ValueError(f"part {number} of {of}; allowed: from 1 of {of} to {of} of {of}")
    if plan.seed < 0:
        raise ValueError(f"the seed is {plan.seed}; allowed: from 0")
    if plan.processes < 1:
        raise ValueError(f"{plan.processes} processes can do nothing; allowed: from 1")
    entries = registry.chosen(list(plan.metrics))
    refuse_unknown(plan.parameters, [entry.slug for entry in entries])
    return [
        (entry, changed(entry.slug, entry.defaults, plan.parameters.get(entry.slug, {}))) for entry in entries
    ]


def _tasks(entry: Metric | Retraining, parameters: Parameters, material: Material, seed: int) -> list[Task]:
    if isinstance(entry, Retraining):
        return list(tasks.of_retraining(entry, parameters, material, seed))
    return list(tasks.of_maps(entry, parameters, material, seed))


# Running


def _run(listed: list[Task], work: Path, material: Material, processes: int, step: Step) -> None:
    """Do the pieces that are not there yet, in this process or in several."""
    total = sum(task.cost for task in listed)
    missing = [task for task in listed if not tasks.is_done(task, work, material)]
    done = total - sum(task.cost for task in missing)

    def finished(task: Task, _: None = None) -> None:
        nonlocal done
        done += task.cost
        step(done, total, task.doing)

    if processes > 1 and len(missing) > 1:
        piece, prepare = partial(_piece, work=work), partial(_prepare, material.source)
        spread(piece, missing, processes, prepare, finished, "--processes")
        return
    for task in missing:
        task.run(work, material, _Advance(done, total, task, step))
        finished(task)


@dataclass
class _Advance:
    """Turns "so many more images went through the network" into progress of the whole."""

    done: float
    total: float
    task: Task
    step: Step
    here: float = 0.0

    def __call__(self, images: int) -> None:
        self.here = min(self.here + images, self.task.cost)
        self.step(self.done + self.here, self.total, self.task.doing)


_here: list[Material] = []  # of this process of several


def _prepare(source: Source) -> None:
    _here.append(loaded(source))


def _piece(task: Task, work: Path) -> None:
    task.run(work, _here[0], unwatched)


# Collecting


def _collected(
    planned: list[tuple[Metric | Retraining, Parameters, list[Task]]],
    work: Path,
    material: Material,
    plan: Plan,
) -> Results:
    values: list[Value] = []
    curves: list[Curve] = []
    for entry, _, listed in planned:
        if isinstance(entry, Retraining):
            found = _errors(listed, work, material)
            drawn = retraining_curves.curves(entry.slug, found)
            curves += drawn
            values += [_retrained(entry, curve) for curve in drawn]
        else:
            values += _measured(entry, listed, work, material)
    entries = [(entry, parameters) for entry, parameters, _ in planned]
    return Results(
        name=material.manifest.name,
        methods=material.titles,
        scores=tuple(score for entry, _ in entries for score in registry.scores_of(entry)),
        values=tuple(values),
        curves=tuple(curves),
        about={
            "seed": plan.seed,
            "dataset": material.manifest.dataset.sha256,
            "classifier": material.manifest.classifier.weights_sha256,
            "metrics": [
                {
                    "slug": entry.slug,
                    "title": entry.title,
                    "reference": entry.reference,
                    "parameters": parameters,
                }
                for entry, parameters in entries
            ],
            "versions": {name: version(name) for name in LIBRARIES},
        },
    )


def _measured(metric: Metric, listed: Iterable[Task], work: Path, material: Material) -> list[Value]:
    values = []
    for task in listed:
        assert isinstance(task, MapTask)
        [content] = tasks.contents(task, work, material)
        for score in metric.scores:
            found = [float("nan") if x is None else x for x in content.get(score.slug, [])]
            mean, error, n = summarised(found)
            note = content.get("note", "" if mean is not None else "undefined for every image")
            values.append(Value(task.method, task.label, task.replicate, score.slug, mean, error, n, note))
    return values


def _errors(listed: Iterable[Task], work: Path, material: Material) -> retraining_curves.Errors:
    found: dict[tuple[str, int, float, int], float] = {}
    for task in listed:
        assert isinstance(task, RetrainTask)
        for order, content in zip(task.orders, tasks.contents(task, work, material), strict=True):
            found[*order, task.number] = content["error"]
    return found


def _retrained(entry: Retraining, curve: Curve) -> Value:
    """A method's mean error over the shares removed, in percent; the seeds are its repetitions."""
    return Value(curve.method, "", curve.replicate, entry.score.slug, *summarised(curve.by_seed))


def _write(out: Path, results: Results, folder: Path) -> None:
    """The three files, then their names in the manifest, where they lie in the set's folder."""
    for name, text in zip(FILES, (results.to_csv(), results.to_json(), figure.drawn(results)), strict=True):
        write_atomically(out / name, text.encode())
    inside, root = out.resolve(), folder.resolve()
    if inside.is_relative_to(root):
        manifest.name_metrics(folder, [str((inside / name).relative_to(root)) for name in FILES])
