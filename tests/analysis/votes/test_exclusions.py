import pytest

from analysis.votes.exclusions import is_complete, reason_of
from analysis.votes.table import VoteTable


@pytest.fixture
def people():
    """A table of participants, one answer each: people(status="returned", ...) or a list of statuses."""

    def build(*statuses, **columns):
        return VoteTable.from_rows(
            {
                "participant": f"p{i}",
                "chosen_method": "AB"[i % 2],
                "status": status,
                **{name: values[i] for name, values in columns.items()},
            }
            for i, status in enumerate(statuses)
        )

    return build


# Words of the platforms: https://docs.prolific.com/api-reference/submissions/submission-object (Prolific),
# the Manage page of CloudResearch Connect, AssignmentStatus of the MTurk API, the column Status of Qualtrics.
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("RETURNED", "returned"),
        ("TIMED-OUT", "timed out"),
        ("Timed Out", "timed out"),
        ("timed_out", "timed out"),
        ("REJECTED", "rejected"),
        ("SCREENED OUT", "screened out"),
        ("NOCONSENT", "no consent"),
        ("no-consent", "no consent"),
        ("Survey Preview", "preview"),
        ("Survey Test", "test"),
        ("Spam", "spam"),
        ("withdrawn", "withdrawn"),
        ("failed checks", "failed attention checks"),
        ("  Screened \N{NON-BREAKING HYPHEN}  OUT ", "screened out"),
    ],
)
def test_a_status_in_the_words_of_a_platform_excludes(status, reason):
    assert reason_of(status) == reason


@pytest.mark.parametrize(
    "status",
    [
        *("complete", "Completed", "FINISHED", "APPROVED", "AWAITING REVIEW", "Awaiting-Review"),
        *("Submitted", "Approved", "Pending", "IP Address", "Imported", "PARTIALLY APPROVED"),
    ],
)
def test_a_status_of_somebody_who_finished_is_complete_and_included(status):
    assert is_complete(status)
    assert reason_of(status) == ""


def test_without_kept_the_status_decides_and_each_reason_is_counted(people):
    counts = people("complete", "Returned", "timed-out", "TIMED OUT", "approved").counts()
    assert counts.participants == ("p0", "p4")
    assert counts.excluded == {"returned": 1, "timed out": 2}
    assert counts.notes == ()


def test_kept_decides_where_it_exists(people):
    table = people("returned", "complete", "complete", kept=["true", "false", "true"])
    counts = table.counts()
    assert counts.participants == ("p0", "p2")
    assert counts.excluded == {"kept is false": 1}


def test_who_is_not_kept_is_counted_by_status(people):
    table = people("complete", "screened out", "answering", kept=["true", "false", "false"])
    assert table.counts().excluded == {"screened out": 1, "not complete": 1}


def test_unfinished_participants_are_included_and_noted(people):
    counts = people("complete", "ACTIVE", "answering").counts()
    assert len(counts.participants) == 3
    assert counts.notes == ("2 included participants had not finished: 'ACTIVE' (1), 'answering' (1).",)


def test_an_unknown_status_is_included_and_named(people):
    counts = people("complete", "complete", "zurückgelegt").counts()
    assert len(counts.participants) == 3
    assert counts.notes == (
        "1 participant with an unknown status is included: 'zurückgelegt' (1). "
        "A column kept (true or false) settles who is included.",
    )


def test_approved_participants_are_complete_for_a_number_of_checks(people):
    table = people("APPROVED", "awaiting review", "returned", "active", checks_passed=[5, 2, 5, 5])
    assert table.counts(min_passed=4).excluded == {
        "fewer than 4 checks passed": 1,
        "returned": 1,
        "not complete": 1,
    }
    assert table.n_complete() == 2


def test_a_study_of_returned_participants_only_is_refused_with_the_reasons(people):
    with pytest.raises(ValueError, match=r"no participant is included of 2 \(returned: 1, timed out: 1\)"):
        people("returned", "timed out").counts()
