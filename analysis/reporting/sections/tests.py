"""Section: the omnibus tests, each with its null hypothesis."""

from analysis import formatting as fmt
from analysis.inference.degenerate import instead
from analysis.inference.omnibus import NAMES, Omnibus
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results

_HEADING = "Do the methods differ at all?"
_ONE_METHOD = "undefined: there is only one method"
