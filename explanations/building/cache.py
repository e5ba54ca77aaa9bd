"""Finished local explanations, kept under their tasks' digests in a folder. Knows no model."""

import io
import json
from pathlib import Path

import numpy as np

from explanations.building.tasks import Floats, Outcome, Task
from explanations.running.atomic_files import write_atomically


class Cache:
    """The results in `folder`, for several processes at once: a result is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, task: Task) -> Floats | None:
        """The local weights of a task, or None if they are not there or the file was damaged."""
        try:
            weights = np.load(self._file(task), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        fits = isinstance(weights, np.ndarray) and weights.dtype == np.float64
        return weights if fits and len(weights) == len(task.sample.numbers) else None

    def has(self, task: Task) -> bool:
        """Whether `find` has something to find."""
        return self._file(task).is_file() and self.find(task) is not None

    def keep(self, task: Task, outcome: Outcome) -> None:
        """Write a result, and how long it took."""
        content = io.BytesIO()
        np.save(content, outcome.weights, allow_pickle=False)
        record = json.dumps({"local": task.local, "seconds": outcome.seconds})
        write_atomically(self._file(task).with_suffix(".json"), record.encode())
        write_atomically(self._file(task), content.getvalue())

    def seconds(self, tasks: list[Task]) -> dict[str, float]:
        """How long these tasks took, whenever they were done, by local function."""
        taken: dict[str, float] = {}
        for task in tasks:
            record = json.loads(self._file(task).with_suffix(".json").read_text())
            taken[task.local] = taken.get(task.local, 0) + record["seconds"]
        return taken

    def _file(self, task: Task) -> Path:
        return self.folder / f"{task.digest}.npy"
