"""`python -m local.gateway LISTENER [LOCK]`: the process that `local.account.LocalAccount` starts.

LISTENER is the descriptor of a socket that listens, LOCK that of the folder's lock: it is held by being open.
"""

import os
import socket
import sys

from local.gateway.server import run
from local.settings import Settings

if __name__ == "__main__":
    for descriptor in sys.argv[1:]:
        os.set_inheritable(int(descriptor), False)  # what this process starts is not to hold them
    run(Settings.from_env(os.environ), socket.socket(fileno=int(sys.argv[1])), until_stdin_ends=True)
