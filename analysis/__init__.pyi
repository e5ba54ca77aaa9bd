from analysis.inference.anova import one_way as one_way
from analysis.inference.tukey import hsd as hsd
from analysis.reporting.report import report as report
from analysis.votes.table import VoteTable as VoteTable
