"""Batch jobs: lines of JSON in S3 are answered with lines of JSON in S3."""
