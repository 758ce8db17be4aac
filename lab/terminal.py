"""What the lab's commands print."""


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)
