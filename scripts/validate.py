"""`terraform validate` for the module and each of its examples (`python -m scripts.validate terraform`)."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from scripts.terraform import Terraform, TerraformError

ROOT = Path(__file__).resolve().parent.parent


def configurations(module: Path) -> list[Path]:
    """Return the root module, its inner modules and its examples: the folders that hold .tf files."""
    return sorted({path.parent for path in module.rglob("*.tf") if ".terraform" not in path.parts})


def main() -> int:
    """Validate every configuration under the folders given."""
    console = Console()
    failed = False
    for folder in [found for name in sys.argv[1:] for found in configurations(Path(name))]:
        terraform = Terraform(folder, ROOT / "build" / "validate" / "-".join(folder.parts))
        try:
            terraform.init()
            terraform.validate()
            console.print(f"[green]valid[/]  {folder}", highlight=False)
        except TerraformError as error:
            failed = True
            console.print(f"[red]broken[/] {folder}\n{error}", highlight=False)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
