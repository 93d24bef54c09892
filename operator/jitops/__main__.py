"""`python -m jitops` is `jitops`."""

from jitops.cli.app import main

main()
