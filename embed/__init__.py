"""Endpoints on the internal load balancer."""
