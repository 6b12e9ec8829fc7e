"""What `make bench` measures: the real handlers in virtual time, and what their own code takes."""
