"""Tests of the Terraform module: planned, applied to a local AWS, changed, destroyed."""
