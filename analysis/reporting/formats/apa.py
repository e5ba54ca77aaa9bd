"""A paragraph for a paper's results section, in the style of the APA (7th edition)."""

from analysis.reporting.document import Document


def write(document: Document) -> str:
    """The sections' sentences; the headline if there is nothing to test."""
    sentences = [sentence for section in document.sections for sentence in section.apa]
    return " ".join(sentences or [document.answer]) + "\n"
