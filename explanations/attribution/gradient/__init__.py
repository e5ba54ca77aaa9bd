"""Methods that differentiate the network."""
