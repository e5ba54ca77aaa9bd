import json
import os
import subprocess
import sys

import pytest

from analysis.__main__ import main

COMMAND = [sys.executable, "-m", "analysis", "report"]


def run(*arguments, **options):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, check=False, **options)


def test_a_report_is_text_unless_another_form_is_asked(normlime_path, capfdbinary):
    assert main(["report", str(normlime_path)]) == 0
    text = capfdbinary.readouterr().out.decode()
    assert text.startswith("83 participants cast 1,660 votes. NormLIME was chosen most often")
    assert "5.22e-100" in text


def test_json_comes_on_standard_output(normlime_path, capfdbinary):
    assert main(["report", str(normlime_path), "--format", "json"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["anova"]["F"] == pytest.approx(338.21597, abs=1e-5)


def test_html_goes_to_a_file(normlime_path, tmp_path, capfdbinary):
    assert main(["report", str(normlime_path), "--format", "html", "--out", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_text("utf-8").startswith("<!doctype html>")
    assert capfdbinary.readouterr().out == b""


def test_standard_input_is_read(normlime_path):
    with normlime_path.open("rb") as file:
        result = run("-", "--format", "json", stdin=file)
    assert json.loads(result.stdout)["source"]["name"] == "standard input"


def test_participants_can_be_kept_by_their_checks(votes_csv, capfdbinary):
    head = "participant,chosen_method,status,checks_passed\n"
    path = votes_csv(head + "a,X,complete,3\nb,X,complete,4\nb,Y,complete,4\nc,Y,complete,5\n")
    assert main(["report", str(path), "--format", "json", "--min-passed", "4"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["n_participants"] == 2


def test_simulated_participants_can_be_left_out(votes_csv, capfdbinary):
    path = votes_csv("participant,chosen_method,simulated\na,X,yes\nb,X,no\n")
    assert main(["report", str(path), "--format", "json", "--simulated", "exclude"]) == 0
    data = json.loads(capfdbinary.readouterr().out)
    assert (data["n_participants"], data["n_simulated"], data["n_set_aside"]) == (1, 0, 1)


def test_a_faulty_table_is_one_line_on_standard_error_and_status_2(votes_csv):
    path = votes_csv("participant,chosen_method,kept\np,A,maybe\n")
    result = run(path)
    assert (result.returncode, result.stdout) == (2, b""), result.stderr
    assert result.stderr.decode() == (
        f"{path}, row 2, column kept: 'maybe' is neither true nor false; "
        "allowed are true, 1, yes, false, 0, no, in any case\n"
    )


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02", b"participant,chosen_method\n", b"x,y\n1,2\n", b"\xff\xfe"]
)
def test_a_file_that_is_no_vote_table_gives_one_line_and_status_2(votes_csv, content, capfd):
    assert main(["report", str(votes_csv(content))]) == 2
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_an_output_that_cannot_be_written_is_said(normlime_path, tmp_path, capfd):
    out = tmp_path / "no" / "r.txt"
    assert main(["report", str(normlime_path), "--out", str(out)]) == 2
    assert capfd.readouterr().err == (
        f"{out}: No such file or directory; name a path that can be written with --out\n"
    )


@pytest.mark.parametrize("number", ["-1", "4.5", "four", "٤"])
def test_a_threshold_that_is_no_number_of_checks_is_refused(normlime_path, number, capfd):
    with pytest.raises(SystemExit) as exit_:
        main(["report", str(normlime_path), f"--min-passed={number}"])
    assert exit_.value.code == 2
    assert f"argument --min-passed: {number!r} is not a number of checks; allowed are 0, 1, 2 and so on" in (
        capfd.readouterr().err
    )


def test_a_reader_who_leaves_early_is_no_error(normlime_path):
    # Without a buffer nothing is left to flush at exit, and nothing could go wrong.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*COMMAND, str(normlime_path)], env=buffered, **pipes) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1
