"""Endpoints on the public load balancer."""
