"""Maps and pictures made elsewhere, collected into an explanation set. NumPy and Pillow only."""
