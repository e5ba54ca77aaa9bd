"""The commands of `python -m explanations`, a module each: `add_options(parser)` and `run(options)`."""
