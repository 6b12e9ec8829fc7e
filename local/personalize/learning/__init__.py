"""Models trained on interactions, and how good they are."""

import os

# OpenMP's threads wait for each other many times in a training. By default they do so at full speed, and on a busy
# machine take the processors from those that they wait for: a training then takes ten times as long, and all else, too.
# The library reads this when it is loaded, which is when a module in here first imports it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
