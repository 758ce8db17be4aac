"""Played certificates: texts that say who issued them, with a random key. They are no certificates.

They keep what matters to a network: a credential is good for the authority that issued it, and for no other.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping

Data = dict[str, str]


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def authority() -> Data:
    """Return the data of a new authority's Secret."""
    return {"tls.crt": _encode(f"played authority {secrets.token_hex(16)}"), "tls.key": _encode(secrets.token_hex(32))}


def fingerprint(data: Mapping[str, str]) -> str:
    """Return what tells an authority from others."""
    return hashlib.sha256(data.get("tls.crt", "").encode()).hexdigest()[:16]


def issue(ca: Mapping[str, str], subject: str) -> Data:
    """Return the data of a Secret with a certificate of the authority."""
    certificate = f"played certificate of {subject}, issued by {fingerprint(ca)}, {secrets.token_hex(8)}"
    return {"ca.crt": ca["tls.crt"], "tls.crt": _encode(certificate), "tls.key": _encode(secrets.token_hex(32))}


def issuer(data: Mapping[str, str]) -> str:
    """Return the fingerprint of the authority that issued a certificate; empty if there is none, or no key to it."""
    if not data.get("tls.key"):
        return ""
    certificate = base64.b64decode(data.get("tls.crt", "")).decode(errors="replace")
    return certificate.partition("issued by ")[2].partition(",")[0]
