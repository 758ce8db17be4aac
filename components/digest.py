"""Names that follow content."""

import hashlib


def digest(*parts: str) -> str:
    """Return eight hexadecimal digits that change when one of the parts does."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
