"""How long a plan takes, and how much memory, for more and more pipelines."""
