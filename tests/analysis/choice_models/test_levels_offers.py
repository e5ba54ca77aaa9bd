"""A short look at the rejection rates; `benchmarks/levels_offers.py` simulates thousands of studies."""

import pytest

from benchmarks.levels_offers import SETTINGS, rates


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_can_be_simulated(setting):
    assert set(rates(setting, 12, 2, seed=0)) == {"omnibus", "any pair", "both", "trace"}
