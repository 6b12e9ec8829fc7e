"""`python -m local.gateway`: the process that `local.account.LocalAccount` starts."""

import os

from local.gateway.server import run
from local.settings import Settings

if __name__ == "__main__":
    run(Settings.from_env(os.environ), until_stdin_ends=True)
