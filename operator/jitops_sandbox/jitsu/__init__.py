"""A stand-in of the Jitsu console's API: it follows the rules of docs/reference/jitsu.md, not its recorded answers."""
