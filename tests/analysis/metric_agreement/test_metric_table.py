import math
import re

import pytest

from analysis.metric_agreement.metric_table import MetricTable, MetricTableError

HEADER = "method,title,label,replicate,metric,value,better\n"


def read(rows: str) -> MetricTable:
    return MetricTable.from_csv((HEADER + rows).encode(), "metrics.csv")


def test_a_map_is_found_by_its_methods_title_or_slug():
    table = read("normlime,NormLIME,3,1,road,0.5,higher\n")
    assert table.value("road", "NormLIME", "3", "1") == 0.5
    assert table.value("road", "normlime", "3", "1") == 0.5
    assert math.isnan(table.value("road", "LIME", "3", "1"))


def test_an_empty_label_is_every_class_but_not_every_replicate():
    table = read("lime,LIME,,1,kar,2.5,lower\n")
    assert table.value("kar", "LIME", "7", "1") == 2.5
    assert math.isnan(table.value("kar", "LIME", "7", "2"))


def test_an_empty_value_is_undefined():
    assert math.isnan(read("lime,LIME,3,1,iou,,higher\n").value("iou", "LIME", "3", "1"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "method,label\nlime,3\n",
            "metrics.csv: no column 'replicate' among method, label; required",
        ),
        (HEADER, "metrics.csv: no metrics below the header; give one row per map and metric"),
        (
            HEADER + "lime,,3,1,road,x,higher\n",
            "metrics.csv, row 2, column value: must be a finite number or empty (got 'x')",
        ),
        (
            HEADER + "lime,,3,1,road,inf,higher\n",
            "metrics.csv, row 2, column value: must be a finite number or empty (got 'inf')",
        ),
        (
            HEADER + "lime,,3,1,road,1,up\n",
            "metrics.csv, row 2, column better: must be higher or lower (got 'up')",
        ),
        (
            HEADER + "lime,,3,1,,1,higher\n",
            "metrics.csv, row 2: every row needs a method and a metric",
        ),
        (
            HEADER + "lime,,3,1,road,1,higher\nlime,,3,2,road,1,lower\n",
            "metrics.csv, row 3, column better: 'road' has higher in rows above (got 'lower')",
        ),
        (
            HEADER + "lime,,3,1,road,1,higher\nlime,,3,1,road,2,higher\n",
            "metrics.csv, row 3: 'road' of 'lime' for class '3', replicate '1' appears twice; keep one row",
        ),
        ("\xff", "metrics.csv: no column 'method' among "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(content, expected):
    with pytest.raises(MetricTableError, match="^" + re.escape(expected)):
        MetricTable.from_csv(content.encode(), "metrics.csv")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MetricTableError, match=r"no such file; give the path of a table of metrics in CSV$"):
        MetricTable.read(tmp_path / "metrics.csv")
