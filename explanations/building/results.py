"""Results of a build's tasks: weights in a folder, and reasons for missing weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from explanations.building.tasks import OUTCOMES, Outcome, Task
from explanations.running.store import Codec, Store

FAILING_ITEMS = 3  # failures of a method, before any success, that end the build


@dataclass(frozen=True)
class Results(Store[Outcome]):
    """Results in `folder` under the digests of `tasks`; failures are kept in memory only.

    A method that fails for all of its first items will fail for the others: `write` then raises ValueError
    with its reason, before other methods do useless work.
    """

    folder: Path
    codec: Codec[Outcome] = OUTCOMES
    tasks: Sequence[Task] = ()
    failures: dict[str, Outcome] = field(default_factory=dict)

    def read(self, digest: str) -> Outcome | None:
        """The result of this digest, or None if it is missing or damaged."""
        return self.failures.get(digest) or super().read(digest)

    def write(self, digest: str, result: Outcome) -> None:
        """Keep a result. Raises ValueError for a method that fails for all items."""
        if not result.reason:
            super().write(digest, result)
            return
        self.failures[digest] = result
        task = next(task for task in self.tasks if task.digest == digest)
        own = [other for other in self.tasks if (other.method, other.counter) == (task.method, task.counter)]
        failing = [other for other in own if other.digest in self.failures]
        items, failing_items = ({other.sample.label for other in some} for some in (own, failing))
        is_hopeless = len(failing_items) >= min(FAILING_ITEMS, len(items))
        if is_hopeless and not any(self._file(other.digest).exists() for other in own):
            raise ValueError(self.failures[failing[0].digest].reason)
