"""A paragraph for a paper's results section, in the style of the APA (7th edition)."""

from analysis.reporting.document import Document


def write(document: Document) -> str:
    """The sections' sentences; the headline if there is nothing to test."""
    return " ".join(document.apa or [document.answer]) + "\n"
