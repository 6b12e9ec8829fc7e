"""Models trained on interactions, and how good they are."""
