"""Building of an explanation set from a plan: tasks, their results, maps and pictures."""
