"""The zip that `make package` builds."""

from __future__ import annotations

from scripts.package import ROOT, ZIP


def fresh_zip() -> str:
    """Return the zip's path; fail where the code is newer, since the tests would then run yesterday's."""
    built = ZIP.stat().st_mtime if ZIP.exists() else 0.0
    sources = [*(ROOT / "functions").rglob("*.py"), ROOT / "functions" / "requirements.lock"]
    newer = [path.name for path in sources if path.stat().st_mtime > built]
    assert not newer, f"{ZIP.name} is older than {', '.join(sorted(newer)[:5])}: run `make package`"
    return str(ZIP)
