import pytest

from analysis.reporting.report import report
from analysis.reporting.sections.classic import type_one_error


@pytest.mark.parametrize(("k", "simulated"), [(2, 0.167), (4, 0.118)])  # docs/type_one_error.md
def test_the_stated_type_one_error_is_that_of_simulations(k, simulated):
    assert type_one_error(k, 0.05) == pytest.approx(simulated, abs=0.005)


def test_the_caveat_speaks_of_the_number_of_methods_and_the_level_of_the_report(cast):
    [section] = [s for s in report(cast("AAB", "ABC", "CCA"), alpha=0.01).document.sections if s.caveat]
    assert "about 4.6% of studies with 3 methods, not in 1%. They" in section.caveat


def test_a_test_without_p_says_that_f_is_undefined(cast):
    document = report(cast("AB", "AB")).document
    verdict = next(section.verdict for section in document.sections if section.slug == "classic")
    assert verdict == "F is undefined."
