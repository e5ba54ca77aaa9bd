"""What `build --dry-run` predicts beside what the build then takes: the reference set, of fewer images.

    python benchmarks/explanations_forecast.py [IMAGES]

Both are in seconds of the processors, by the clock that replaces the wall's in their modules: what else the
machine does would show in a short trial and not in the build, or the other way round. Beside a dozen busy
processes on two processors the seconds of the wall had ratios from 0.4 to 1.2. Prints Markdown.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from explanations.building import build, forecast, tasks
from explanations.building.build import Plan, Scheduling
from explanations.building.build import build as built
from explanations.models import execution

ROUNDS = 2
IMAGES = 10  # of each class and replicate; the reference set has 50
LOCALS = ("lime", "smoothgrad", "vargrad")
WHOLE = "the whole build"


def predicted(folder, plan):
    """The predicted processor seconds of each local function, and of the whole build."""
    found = forecast.of_build(folder, plan, Scheduling())
    return {line.local: line.seconds for line in found.lines} | {WHOLE: found.seconds}


def taken(folder, plan):
    """The processor seconds that they took."""
    built(folder, plan)
    timings = json.loads((folder / "timings.json").read_text())
    return timings["local explanations"] | {WHOLE: timings["this run"]}


def main():
    images = int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    plan = Plan(parameters={slug: {"images": images} for slug in LOCALS})
    execution.keep_memory()
    for module in (forecast, tasks, build):
        module.time = SimpleNamespace(monotonic=time.process_time)
    print(
        "| round | what | predicted, s | taken, s | predicted / taken |\n| ---: | --- | ---: | ---: | ---: |"
    )
    for number in range(1, ROUNDS + 1):
        with tempfile.TemporaryDirectory() as place:
            forecasts, found = predicted(Path(place) / "set", plan), taken(Path(place) / "set", plan)
        for what, seconds in forecasts.items():
            ratio = seconds / found[what]
            print(f"| {number} | {what} | {seconds:.1f} | {found[what]:.1f} | {ratio:.2f} |", flush=True)
    print(
        f"\nMNIST, 4 methods, 10 digits, 2 replicates of {images} images; processor seconds. One-minute load "
        f"of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors."
    )


if __name__ == "__main__":
    main()
