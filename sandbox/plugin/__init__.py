"""The sandbox's provider as the `aws` plugin of the Pulumi CLI (`python -m sandbox.plugin`)."""
