"""Write the time zones that plan knows (`python -m scripts.timezones`), from the tz database of this machine."""

from __future__ import annotations

import json
import sys
import zoneinfo
from pathlib import Path

from rich.console import Console

FILE = Path(__file__).resolve().parent.parent / "terraform" / "modules" / "declaration" / "timezones.json"
_NONE = {"Factory", "localtime"}
"""What the database has beside zones."""


def main() -> int:
    """Write the file; 1 where the machine has no database."""
    names = sorted(zoneinfo.available_timezones() - _NONE)
    if not names:
        Console(stderr=True).print("This machine has no tz database: install tzdata.")
        return 1
    FILE.write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
