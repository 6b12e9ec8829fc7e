"""ARNs: how they are built and taken apart.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonpersonalize.html
"""

from __future__ import annotations

from dataclasses import dataclass

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True)
class Arns:
    """Builds the ARNs of one account in one region."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """The partition that the region belongs to."""
        return next((p for prefix, p in _PARTITIONS.items() if self.region.startswith(prefix)), "aws")

    def of(self, kind: str, name: str) -> str:
        """Return the ARN of a resource of this account."""
        return f"arn:{self.partition}:personalize:{self.region}:{self.account}:{kind}/{name}"


def catalogue(kind: str, name: str) -> str:
    """Return the ARN of what AWS itself owns: recipes, algorithms, feature transformations."""
    return f"arn:aws:personalize:::{kind}/{name}"


def last(arn: str) -> str:
    """Return what follows an ARN's last slash."""
    return arn.rpartition("/")[2]
