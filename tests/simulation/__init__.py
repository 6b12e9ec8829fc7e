"""The chain under a virtual clock and seeded faults: one seed is one history, and plays again the same.

`play` plays one: `cloud` is all that there is, `lambdas` runs the real handlers in it, `story` is what people and
schedules do, `faults` what goes wrong, `invariants` what must hold whatever happens. `many` plays a lot of them.
"""
