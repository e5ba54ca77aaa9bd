import pytest

from analysis.estimation.contrasts import assess_equivalence, compare_planned, compare_with_baseline
from analysis.reporting.sections.contrasts import (
    baseline_section,
    contrasts_section,
    equivalence_section,
    explain_methods,
)


def test_a_contrast_is_reported_in_the_style_of_the_apa(normlime_counts):
    section = contrasts_section(compare_planned(normlime_counts, ["NormLIME - LIME"]))
    assert section.apa == ("NormLIME - LIME: +30.2 points, 95% CI [+24.6, +35.8], t(82) = 10.78, p < .001.",)
    assert section.method == ("Planned contrasts were tested within participants by a paired t test.",)


def test_several_contrasts_name_the_max_t_method(normlime_counts):
    section = contrasts_section(compare_planned(normlime_counts, ["NormLIME - LIME", "VarGrad - SmoothGrad"]))
    assert (
        "single-step max-t adjusted p values and simultaneous 95% confidence intervals" in section.method[0]
    )
    assert section.verdict == "1 of 2 contrasts is significant."
    assert [row[0] for row in section.tables[0].rows] == ["NormLIME - LIME", "VarGrad - SmoothGrad"]


def test_contrasts_that_do_not_vary_are_not_called_insignificant(cast):
    section = contrasts_section(compare_planned(cast("AAB", "AAB").counts(), ["A - B"]))
    assert section.verdict == "No contrast can be tested."


def test_the_baseline_section_has_a_row_for_each_other_method(normlime_counts):
    section = baseline_section(compare_with_baseline(normlime_counts, "LIME"), "LIME")
    assert section.heading == "Comparison with LIME"
    assert len(section.tables[0].rows) == len(section.quantities) == len(section.record["baseline"]) == 3


def test_equivalence_says_how_large_a_difference_may_be(normlime_counts):
    section = equivalence_section(assess_equivalence(normlime_counts, 0.05))
    assert section.verdict == (
        "VarGrad and SmoothGrad differ by less than 5.0 points. "
        "No difference is larger than 53.6 points (simultaneous 95% CI)."
    )
    assert section.apa[-1] == (
        "VarGrad and SmoothGrad were equivalent: +1.1 points, 90% CI [−1.1, +3.4], p = .003 (TOST)."
    )


def test_each_distribution_is_explained():
    sentences = explain_methods(["max-t", "Bonferroni", "few votes", "t"])
    assert [sentence.split()[0] for sentence in sentences] == ["p", "With", "Comparisons"]


@pytest.mark.parametrize("ballots", [("AAB",), ("AAAA", "AAAA")])
def test_sections_of_undefined_results_say_so(cast, ballots):
    counts = cast(*ballots).counts()
    section = equivalence_section(assess_equivalence(counts, 0.1))
    assert all(row[-1] == "undefined" for table in section.tables for row in table.rows)
