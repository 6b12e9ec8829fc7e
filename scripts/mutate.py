"""Break the code on purpose, one place at a time: the simulation must see every breakage.

Prints each mutation with the seed that caught it and what did not hold; the exit status is 1 if one survives.
"""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.table import Table

os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "PersonalizePipelines")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "simulation")

from tests.simulation.many import catch  # the functions read the environment when they are imported
from tests.simulation.mutations import MUTATIONS  # the same


def main() -> int:
    """Try all mutations, or those that the arguments name a part of."""
    chosen = [each for each in MUTATIONS if not sys.argv[1:] or any(part in each.name for part in sys.argv[1:])]
    table = Table("mutation", "where", "seed", "what did not hold", title="mutations")
    survived = 0
    for caught in catch(chosen, processes=os.cpu_count() or 1):
        survived += caught.seed is None
        seed = "survived" if caught.seed is None else str(caught.seed)
        style = "red" if caught.seed is None else None
        table.add_row(caught.mutation.name, caught.mutation.where, seed, caught.why[:160], style=style)
    console = Console(width=None if sys.stdout.isatty() else 240)
    console.print(table)
    console.print(f"{len(chosen) - survived} of {len(chosen)} mutations were caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
