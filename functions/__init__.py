"""The Lambdas that import, train, poll and redeploy: one package, one zip, a function per step."""
