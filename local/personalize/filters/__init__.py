"""Filter expressions: their grammar, and what they let pass."""
