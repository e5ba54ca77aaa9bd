"""From a plan to an explanation set: tasks, their results, maps and pictures."""
