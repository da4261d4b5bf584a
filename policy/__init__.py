"""The policy pack: what AWS, mocks and scanners let through, refused before it is created."""
