"""What Terraform calls for the resources that CloudFormation cannot own without harm.

CloudFormation replaces a dataset, with all its data, to change its schema, and has no switch for a solution's
automatic training. `aws_lambda_invocation` with the CRUD life cycle calls :func:`handler` instead.
"""

from functions.glue.dispatch import handler

__all__ = ["handler"]
