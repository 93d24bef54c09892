"""A stand-in of the Jitsu console's API: the rules of docs/reference/jitsu.md, not its recorded rows."""
