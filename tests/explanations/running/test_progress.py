import json
import os
import signal

import pytest

from explanations.running import progress


def test_away_from_a_terminal_the_end_is_a_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.show_progress("Building") as step:
        for done in range(5):
            step(done, 4, f"class {done}")
    assert capsys.readouterr().err == "Building: 100% class 4\n"


def test_the_end_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.show_progress("Building") as step:
        step(4, 4, "class 4")
        step(4, 4, "")
    assert capsys.readouterr().err == "Building: 100% class 4\n"


def test_a_line_comes_now_and_then_with_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of the work in 20 seconds leaves 60 seconds."""
    seconds = iter([0.0, 0.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    with progress.show_progress("Building") as step:
        step(0, 100, "class 0")
        step(25, 100, "class 1")
    assert capsys.readouterr().err == "Building:  25%, 60 s left class 1\n"


def test_on_a_terminal_there_is_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.show_progress("Building") as step:
        step(1, 4, "class 1")
    assert "━" in capsys.readouterr().err


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_program_reads_a_line_of_json_a_step(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([0.0, 0.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    with progress.show_progress("Building", "json") as step:
        step(0, 100, "class 0")
        step(25, 100, "class 1")
    progress.print_finished("SET: 100 pictures", "json")
    running = {"state": "running", "total": 100}
    assert objects(capsys.readouterr().out) == [
        {**running, "done": 0, "share": 0.0, "seconds_left": None, "doing": "class 0"},
        {**running, "done": 25, "share": 0.25, "seconds_left": 60.0, "doing": "class 1"},
        {"state": "finished", "message": "SET: 100 pictures"},
    ]


def test_steps_of_one_thing_that_come_too_fast_are_left_out_but_for_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress.show_progress("Building", "json") as step:
        for done in range(1, 1001):
            step(done, 1000, "class 0")
    found = objects(capsys.readouterr().out)
    assert len(found) < 20
    assert found[-1]["share"] == 1.0


def terminated() -> None:
    with progress.terminable():
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_request_to_end_is_raised_where_the_work_is() -> None:
    with pytest.raises(progress.Terminated):
        terminated()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
