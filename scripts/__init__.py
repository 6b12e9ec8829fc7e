"""What a person or the Makefile runs: package, demo, measure."""
