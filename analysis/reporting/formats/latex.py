"""A report's tables in LaTeX, for the package booktabs, with their notes and caveats."""

from analysis import formatting as fmt
from analysis.reporting.document import Document
from analysis.reporting.elements import Section, Table

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#",
    "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    fmt.MINUS: "$-$", "<": "$<$", ">": "$>$",
    "²": "$^2$", "χ": r"$\chi$", "η": r"$\eta$", "ε": r"$\varepsilon$",
    "ω": r"$\omega$", "κ": r"$\kappa$", "α": r"$\alpha$", "≤": r"$\leq$", "≥": r"$\geq$", "×": r"$\times$",
    "–": "--", "|": "$|$", "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
}  # fmt: skip


def write(document: Document) -> str:
    """Headline and all sections; a file to \\input into a document that loads booktabs."""
    lines = [r"% needs \usepackage{array,booktabs}"]
    lines += [f"% design SHA-256 {document.design_sha256}"] if document.design_sha256 else []
    lead = [escape(text) for text in (document.answer, document.scope, *document.notes) if text]
    lines += ["", *(f"{text}\n" for text in lead)]
    for section in document.sections:
        lines += _section(section)
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text in which LaTeX finds no command of its own."""
    return "".join(_SIGNS.get(sign, sign) for sign in text)


def _section(section: Section) -> list[str]:
    lines = [rf"\paragraph{{{escape(section.heading)}}}"]
    lines += [escape(section.verdict), ""] if section.verdict else [""]
    for table in section.tables:
        lines += format_table(table)
    lines += [f"{escape(note)}\n" for note in (*section.notes, section.caveat) if note]
    return lines


def format_table(table: Table) -> list[str]:
    """The lines of a floating table; its label is tab: and the table's name."""
    words = r">{\raggedright\arraybackslash}p{.17\linewidth}" * table.left if table.left > 1 else "l"
    columns = words + "r" * (len(table.headings) - table.left)
    head, *body = (" & ".join(map(escape, cells)) + r" \\" for cells in (table.headings, *table.rows))
    return [
        r"\begin{table}[htbp]", r"\centering\small",
        rf"\caption{{{escape(table.caption)}}}\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule",
        r"\end{tabular}", r"\end{table}", "",
    ]  # fmt: skip
