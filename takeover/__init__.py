"""Prepares the takeover of what the TypeScript stack owns; calls neither AWS nor Pulumi."""
