"""The pack as the Pulumi CLI runs it: `pulumi preview --policy-pack policy`."""

import sys
from pathlib import Path

# The CLI puts this folder on the path. What the policies share with the program is above it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pulumi_policy import PolicyPack

from policy.pack import policies

PolicyPack(name="passport-scorer-routing", policies=policies())
