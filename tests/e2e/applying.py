"""A person who may apply the stack, by the policy that `terraform/modules/applier` gives, and may do nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from local.account import LocalAccount
from scripts.terraform import Terraform

_FOLDER = Path(__file__).resolve().parent / "applier"
_LIMIT = 6_144
"""Characters of a managed policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


class Applier:
    """An IAM user with the documents attached as managed policies."""

    def __init__(self, account: LocalAccount, work: Path) -> None:
        terraform = Terraform(_FOLDER, work, environment=account.env)
        terraform.init()
        terraform.apply()
        self._documents = cast(list[str], terraform.outputs()["documents"])
        self._iam = account.session().client("iam")
        self._iam.create_user(UserName="applier")
        self._arns = [
            self._iam.create_policy(PolicyName=f"apply-{number}", PolicyDocument=document)["Policy"]["Arn"]
            for number, document in enumerate(self._documents)
        ]
        for arn, document in zip(self._arns, self._documents, strict=True):
            assert len(document) <= _LIMIT, f"{len(document)} characters"
            self._iam.attach_user_policy(UserName="applier", PolicyArn=arn)
        key = self._iam.create_access_key(UserName="applier")["AccessKey"]
        self.env = {
            **account.env,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def allow_all_but(self, *sids: str) -> None:
        """Take statements away; without any, give all back."""
        for arn, text in zip(self._arns, self._documents, strict=True):
            document = json.loads(text)
            kept = [statement for statement in document["Statement"] if statement["Sid"] not in sids]
            changed = json.dumps({**document, "Statement": kept})
            versions = self._iam.list_policy_versions(PolicyArn=arn)["Versions"]
            for version in versions:
                if not version["IsDefaultVersion"]:
                    self._iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
            self._iam.create_policy_version(PolicyArn=arn, PolicyDocument=changed, SetAsDefault=True)
