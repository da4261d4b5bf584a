"""The Python functions behind the endpoints, as plain data.

The naming conventions of the running system live here: they are the identity of
resources that exist in AWS, so changing one replaces a resource.
"""

from dataclasses import dataclass

from routing import TargetGroupNames


@dataclass(frozen=True, kw_only=True)
class LambdaBackend:
    """The Python function behind an endpoint. `function` is its logical name."""

    function: str
    function_name: str
    handler: str
    memory_mb: int
    timeout_s: int
    target_group: TargetGroupNames

    @property
    def log_group(self) -> str:
        return log_group_name(self.function_name)

    @property
    def target_group_tag(self) -> str:
        """The `Name` tag of the target group."""
        return self.target_group.logical


@dataclass(frozen=True, kw_only=True)
class ImageLambda(LambdaBackend):
    """Runs from the scorer's container image with the shared role and security group."""


@dataclass(frozen=True, kw_only=True)
class ZipLambda(LambdaBackend):
    """Runs from the Python package with a role and a security group of its own."""

    @property
    def target_group_tag(self) -> str:
        return self.function_name

    @property
    def module(self) -> str:
        """The Python module of the handler."""
        return self.handler.rpartition(".")[0]

    @property
    def role(self) -> str:
        return f"{self.function_name}-role"

    @property
    def security_group(self) -> str:
        return f"{self.function_name}-sg"


def log_group_path(function_name: str) -> str:
    """Physical name of the log group of a function, which Lambda gives it."""
    return f"/aws/lambda/{function_name}"


def log_group_name(function_name: str) -> str:
    """Logical name of the log group of a function."""
    return f"{function_name}-log-group"


def role_policy_name(role: str) -> str:
    """Logical name of the one policy of a role."""
    return f"{role}-policy"


def image_target_group(name: str, *, logical: str | None = None) -> TargetGroupNames:
    """Names of the target group of an image function or of the Rust function."""
    logical = logical or name
    return TargetGroupNames(
        logical=f"l-{logical}",
        physical=f"l-{name}",
        permission=f"withLb-{logical}",
        attachment=f"lambdaTargetGroupAttachment-{logical}",
    )


def image_lambda(name: str, *, handler: str, memory_mb: int, timeout_s: int = 60) -> ImageLambda:
    """An image function: logical and physical name are the same."""
    return ImageLambda(
        function=name,
        function_name=name,
        handler=handler,
        memory_mb=memory_mb,
        timeout_s=timeout_s,
        target_group=image_target_group(name),
    )


def zip_lambda(name: str, *, handler: str) -> ZipLambda:
    """A zip function; all five have the same size. `name` is the endpoint's."""
    return ZipLambda(
        function=f"{name}-lambda-function",
        function_name=f"{name}-lambda",
        handler=handler,
        memory_mb=512,
        timeout_s=60,
        target_group=TargetGroupNames(
            logical=f"{name}-lambda-tg",
            physical=f"{name}-lambda-target-group",
            permission=f"{name}-lambda-permission",
            attachment=f"{name}-lambda-tg-attachment",
        ),
    )
