"""The Rust function and its target groups. Plain data, no Pulumi."""

from lambdas.model import image_target_group
from routing import Listener, TargetGroupNames

FUNCTION = "passport-v2-rust-scorer"
"""Logical and physical name of the function."""

HANDLER = "bootstrap"
RUNTIME = "provided.al2023"
ARCHITECTURE = "arm64"
MEMORY_MB = 256
TIMEOUT_S = 30

TARGET_GROUPS: dict[Listener, TargetGroupNames] = {
    Listener.PUBLIC: image_target_group(FUNCTION),
    # The physical name is shorter: a target group's may have 32 characters.
    Listener.INTERNAL: image_target_group(f"{FUNCTION}-int", logical=f"{FUNCTION}-internal"),
}
