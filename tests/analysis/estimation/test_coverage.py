import pytest

from benchmarks.coverage_intervals import Setting, coverage, list_settings, write_table


@pytest.mark.slow
def test_intervals_of_few_people_and_rare_methods_cover_most_truths():
    result = coverage(Setting("rare", 12, 20, (0.9, 0.04, 0.03, 0.03), 0.036), 25)
    assert max(result.missed.values()) < 0.2  # binomial, 3 standard errors above 0.05


def test_the_table_has_a_row_for_each_setting():
    setting = next(list_settings())
    result = coverage(setting, 2)
    assert write_table([result], 2).splitlines()[-1].startswith("| equal | 6 | 0.036 | ")
