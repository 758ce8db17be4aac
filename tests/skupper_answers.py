"""What Skupper's controllers answer to what a program registers, for recordings without a cluster."""

from typing import Any

from preview.registration import Registration

V2 = "kubernetes:skupper.io/v2alpha1:"
SECRET = "kubernetes:core/v1:Secret"
ENDPOINTS = [{"name": "inter-router", "host": "172.19.255.200", "port": "55671", "group": "skupper-router"}]
CODE, KEY = "planted-code-of-the-grant", "cGxhbnRlZC1wcml2YXRlLWtleQ=="
TOKEN_ANNOTATIONS = {
    "inter-router-host": "172.19.255.200", "inter-router-port": "55671", "edge-host": "172.19.255.200",
    "edge-port": "45671", "skupper.io/generated-by": "site-uid", "skupper.io/site-version": "1.9.6",
}  # fmt: skip


def as_skupper(registration: Registration) -> dict[str, Any]:
    """Answer as the controllers do."""
    if registration.type == f"{V2}Site":
        return {"status": {"endpoints": ENDPOINTS}}
    if registration.type == f"{V2}AccessGrant":
        return {"status": {"url": "https://grants/1", "code": CODE, "ca": "a certificate"}}
    if registration.type == SECRET and "-request-" in registration.name:
        metadata = {**registration.inputs["metadata"], "annotations": TOKEN_ANNOTATIONS}
        return {"metadata": metadata, "data": {"tls.key": KEY}}
    return {}
