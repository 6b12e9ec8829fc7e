"""Terraform, the zip and the chain on the local AWS."""
