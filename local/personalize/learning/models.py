"""What training makes."""

from __future__ import annotations


class Trained:
    """A trained model."""
