"""Faithfulness without people: numbers that say how well a map shows what a network uses. A file a family."""
