"""A report as a folder to write a paper from: LaTeX to \\input, references and charts as PDF.

results.tex     the results paragraph and every table and chart
methods.tex     participants, design, checks, exclusions and tests, to be completed by the authors
main.tex        a document that compiles both
references.bib  what they cite
figures/        the charts
"""

import re
from importlib import resources

from analysis.reporting.charts.canvas import Chart
from analysis.reporting.document import Document
from analysis.reporting.elements import Section
from analysis.reporting.formats.latex import escape, format_table

_MAIN = r"""\documentclass[11pt]{article}
\usepackage{iftex}
\ifPDFTeX\usepackage[utf8]{inputenc}\else\usepackage{fontspec}\fi %% other scripts: lualatex
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage{array,booktabs,graphicx}
\usepackage[numbers]{natbib}
\title{Results of %s}
\author{}
\date{}
\begin{document}
\maketitle
\section{Method}
\input{methods}
\section{Results}
\input{results}
\bibliographystyle{plainnat}
\bibliography{references}
\end{document}
"""
_CITATION = re.compile(r"\[@([a-z0-9, @]+)\]")


def files(document: Document) -> dict[str, bytes]:
    """The folder's files: path to content."""
    bibliography = resources.files(__package__).joinpath("references.bib").read_bytes()
    texts = {
        "results.tex": _results(document),
        "methods.tex": _methods(document),
        "main.tex": _MAIN % escape(document.title.removeprefix("Votes of ")),
    }
    charts = {f"figures/{chart.name}.pdf": chart.pdf for chart in document.charts}
    return {**{name: text.encode() for name, text in texts.items()}, "references.bib": bibliography, **charts}


def _results(document: Document) -> str:
    paragraph = " ".join(document.apa or [document.answer])
    lines = [r"% needs \usepackage{array,booktabs,graphicx}", _cite(paragraph), ""]
    lines += [f"{escape(text)}\n" for text in (document.scope, *document.notes) if text]
    for section in document.sections:
        lines += _section(section)
    return "\n".join(lines)


def _section(section: Section) -> list[str]:
    lines = [rf"\subsection{{{escape(section.heading)}}}"]
    lines += [escape(section.verdict), ""] if section.verdict else []
    for chart in section.charts:
        lines += _figure(chart)
    for table in section.tables:
        lines += format_table(table)
    return lines + [f"{escape(note)}\n" for note in (*section.notes, section.caveat) if note]


def _figure(chart: Chart) -> list[str]:
    return [
        r"\begin{figure}[htbp]", r"\centering",
        rf"\includegraphics[width=.7\linewidth]{{figures/{chart.name}}}",
        rf"\caption{{{escape(chart.title)}}}\label{{fig:{chart.name}}}", r"\end{figure}", "",
    ]  # fmt: skip


def _methods(document: Document) -> str:
    paragraphs = [" ".join(section.method) for section in document.all_sections if section.method]
    return "\n\n".join(map(_cite, paragraphs)) + "\n"


def _cite(text: str) -> str:
    """LaTeX, in which [@key] has become a citation."""
    parts = _CITATION.split(text)  # texts and keys in turn
    return "".join(
        escape(part) if i % 2 == 0 else rf"\citep{{{part.replace('@', '').replace(' ', '')}}}"
        for i, part in enumerate(parts)
    )
