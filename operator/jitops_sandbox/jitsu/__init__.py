"""A stand-in of the Jitsu console's API: the rules of reference/jitsu.md, not its recorded rows."""
