"""Columns of many rows for exported tables, moments above all: without an object of Python's for each value.

To make a datetime of each moment takes longer than all else in its line. Knows no model.
"""

from itertools import islice

import numpy as np
from django.db.models import ExpressionWrapper, F, Field, Func

BATCH = 2000  # rows


class Moment(Func):
    """A moment as `moments` reads it: microseconds since 1970 from PostgreSQL, SQLite's text."""

    output_field = Field()

    def as_postgresql(self, compiler, connection):
        template = "CAST(EXTRACT(EPOCH FROM %(expressions)s) * 1000000 AS bigint)"
        return self.as_sql(compiler, connection, template=template)

    def as_sqlite(self, compiler, connection):
        return self.as_sql(compiler, connection, template="CAST(%(expressions)s AS text)")


def as_it_comes(name):
    """The field of this name as the database's driver reads it; Django's own reading is a call a value."""
    return ExpressionWrapper(F(name), Field())


def in_batches(rows):
    """Lists of BATCH rows of an iterator, the last one shorter."""
    while batch := list(islice(rows, BATCH)):
        yield batch


def moments(column):
    """Values of `Moment` as an array of moments in UTC; None is not-a-time."""
    return np.array(column, "datetime64[us]")


def milliseconds(begin, end):
    """Between two arrays of moments, whole numbers; halves become even, as `round` has it."""
    return np.rint((end - begin) / np.timedelta64(1, "s") * 1000).astype(np.int64)
