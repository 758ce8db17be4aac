"""CEL, the language of Kyverno's expressions."""


def cel_text(value: str) -> str:
    """Return a string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
