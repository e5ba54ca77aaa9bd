"""Methods that propagate relevance or multipliers through the layers."""
