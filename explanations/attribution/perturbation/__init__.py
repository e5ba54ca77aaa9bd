"""Methods that change the image and ask for outputs only."""
