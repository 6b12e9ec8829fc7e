"""How fast the local Personalize is, beside the libraries that it stands on: `python -m scripts.bench_local`."""
