"""Which components a kind of stack has, and in which order."""
