"""Long work: progress, processes, files written whole, randomness, parameters."""
