"""Faithfulness metrics: how well a map shows what a network uses. One file per family."""
