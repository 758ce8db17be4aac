"""What the name of an EC2 instance type says (AWS, "Amazon EC2 instance type naming conventions")."""

import re

_SMALL = {"nano": 1, "micro": 1, "small": 1, "medium": 1, "large": 2, "xlarge": 4}
_BURSTABLE = {"nano": 2, "micro": 2, "small": 2, "medium": 2}
# A generation followed by g is Graviton: m7g, c7gn, im4gn, t4g. In g5 the letter is the family.
_GRAVITON = re.compile(r"a1|[a-z]+[0-9]+g[a-z-]*")


def family(instance_type: str) -> str:
    """Return the family's letters: "m" of m6a.xlarge, "inf" of inf2.xlarge."""
    return re.match(r"[a-z]+", instance_type).group()  # pyright: ignore[reportOptionalMemberAccess] (checked form)


def architecture(instance_type: str) -> str:
    """Return `arm64` for Graviton, else `amd64`, as the installer names them."""
    return "arm64" if _GRAVITON.fullmatch(instance_type.partition(".")[0]) else "amd64"


def vcpus(instance_type: str) -> int | None:
    """Return the vCPUs by the size's name, or None where it does not tell: bare metal without a size, and hpc."""
    size = instance_type.partition(".")[2]
    if family(instance_type) == "hpc":
        return None
    if family(instance_type) == "t" and not instance_type.startswith("t2.") and size in _BURSTABLE:
        return _BURSTABLE[size]
    if size in _SMALL:
        return _SMALL[size]
    many = re.fullmatch(r"(?:metal-)?([0-9]+)xl(?:arge)?", size)
    return 4 * int(many.group(1)) if many else None
