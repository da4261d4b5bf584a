"""`python -m takeover`."""

from takeover.takeover_command import main

main()
