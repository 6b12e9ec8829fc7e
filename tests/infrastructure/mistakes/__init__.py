"""Declarations with one mistake each, and what plan tells of it."""
