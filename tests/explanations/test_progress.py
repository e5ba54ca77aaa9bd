import pytest

from explanations import progress


def test_away_from_a_terminal_the_end_is_a_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown("Building") as step:
        for done in range(5):
            step(done, 4, f"class {done}")
    assert capsys.readouterr().err == "Building: 100% class 4\n"


def test_a_line_comes_now_and_then_with_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of the work in 20 seconds leaves 60 seconds."""
    seconds = iter([0.0, 0.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    with progress.shown("Building") as step:
        step(0, 100, "class 0")
        step(25, 100, "class 1")
    assert capsys.readouterr().err == "Building:  25%, 60 s left class 1\n"


def test_on_a_terminal_there_is_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.shown("Building") as step:
        step(1, 4, "class 1")
    assert "━" in capsys.readouterr().err
