"""Deploys the program into the sandbox's account."""
