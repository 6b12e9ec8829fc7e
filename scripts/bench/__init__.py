"""Benches in virtual time: the real handlers and the local Personalize under one clock, seeded."""
