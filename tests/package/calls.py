"""Write, as JSON, the calls that the functions make in the contract's scenarios: service, operation and parameters.

A process of its own, since the scenarios' account replaces clients and AWS itself.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from botocore.model import OperationModel

from functions.adapters import clients
from tests.contract.account import opened
from tests.contract.scenarios import SCENARIOS


def main() -> None:
    """Play all scenarios; write each call once into the file that is named."""
    warnings.simplefilter("ignore")
    calls: dict[str, None] = {}

    def hear(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        call = {"service": model.service_model.service_name, "operation": model.name, "params": params}
        calls[json.dumps(call, sort_keys=True)] = None

    with opened() as account:
        clients.session().events.register("provide-client-params", hear)
        for scenario in SCENARIOS:
            account.empty()
            scenario.play(account)
    Path(sys.argv[1]).write_text(f"[{','.join(calls)}]")


if __name__ == "__main__":
    main()
