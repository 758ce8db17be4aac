"""Looks up public hosted zones in Route 53, by the rule of the installer and the provider: exactly one of that name."""

from typing import Any


class ZoneError(Exception):
    """There is no such zone, or there are several; the text is for the user."""


def look_up(route53: Any, domain: str) -> str:
    """Return the id of the public hosted zone of a domain.

    Args:
        route53: a boto3 client; only `ListHostedZonesByName` is called.
        domain: its name, without the dot at the end.

    Raises:
        ZoneError: there is none, or more than one.
    """
    found: list[str] = []
    place: dict[str, str] = {"DNSName": domain}
    while place:
        page = route53.list_hosted_zones_by_name(**place)
        # The answer begins with the name and goes on in the order of names.
        same = [zone for zone in page["HostedZones"] if zone["Name"].rstrip(".") == domain]
        found += [zone["Id"].rpartition("/")[2] for zone in same if not zone["Config"].get("PrivateZone")]
        more = page.get("IsTruncated") and page["NextDNSName"].rstrip(".") == domain
        place = {"DNSName": page["NextDNSName"], "HostedZoneId": page["NextHostedZoneId"]} if more else {}
    if not found:
        raise ZoneError(
            f"there is no public hosted zone {domain} in the account: make it, or set its source to create in "
            "spillway:aws.zones"
        )
    if len(found) > 1:
        raise ZoneError(
            f"there are {len(found)} public hosted zones {domain} in the account ({', '.join(sorted(found))}): the "
            "installer may write into the one that nobody asks; delete those that are not delegated to"
        )
    return found[0]
