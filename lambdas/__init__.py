"""What all functions share: names, environment, roles, logs, network."""
