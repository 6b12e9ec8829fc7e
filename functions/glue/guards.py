"""Guards: they depend on everything, so Terraform deletes them first. A destroy that cannot end does not begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.errors import PipelineError
from functions.glue.contents import Contents
from functions.glue.request import Change
from functions.ports import Buckets, Declarations


class FilledBucketError(PipelineError):
    """The data bucket is to be deleted, and holds files."""

    def __init__(self, bucket: str) -> None:
        super().__init__(
            f"Bucket {bucket} holds files, or old versions of them, and force_destroy is off. Empty it, or set "
            "force_destroy = true, apply, and then destroy again. Nothing was deleted."
        )


@dataclass(frozen=True)
class Guards:
    """The guards of all pipelines, and the data bucket's."""

    contents: Contents
    declarations: Declarations
    buckets: Buckets

    def bring(self, change: Change) -> dict[str, Any]:
        """Nothing to make or change: Terraform keeps what the guard is asked when it goes."""
        return {}

    def delete(self, change: Change) -> dict[str, Any]:
        """Refuse where deletion protection is on, or where what would go holds what is somebody else's."""
        wanted = change.wanted
        wanted.refuse_deletion(wanted.name)
        if wanted.bucket and self.buckets.filled(wanted.bucket):
            raise FilledBucketError(wanted.bucket)
        if wanted.arn:
            declared = frozenset(self.declarations.campaigns(wanted.pipeline))
            self.contents.refuse_foreign(wanted.arn, declared, wanted.datasets)
        return {}
