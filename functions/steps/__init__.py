"""The functions of the chain, a module for each."""
