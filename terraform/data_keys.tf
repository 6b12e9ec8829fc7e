# Keys of the data bucket's own: who reads its files may decrypt with them, through S3 only.

locals {
  # One list of all keys, or none: a policy's statement needs a resource.
  _data_keys = length(var.data_kms_key_arns) == 0 ? [] : [sort(var.data_kms_key_arns)]

  # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
  _s3_service = "s3.${local._region}.${data.aws_partition.current.dns_suffix}"

  # The functions that read files.
  _readers = [for step, declared in local._steps : step if contains(keys(declared.permissions), "data")]
}

# What the keys' policies need. Personalize uses a key as the role and as the service; which actions it wants of either is
# documented here: https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-key-access.html
data "aws_iam_policy_document" "data_key" {
  # checkov:skip=CKV_AWS_109: it is a key's policy, where "*" is that key.
  # checkov:skip=CKV_AWS_111: the same.
  # checkov:skip=CKV_AWS_356: the same.
  statement {
    sid       = "PersonalizeReads"
    actions   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:ListGrants"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["personalize.amazonaws.com"]
    }

    principals {
      type        = "AWS"
      identifiers = [local._service_role_arn]
    }
  }

  statement {
    sid       = "FunctionsRead"
    actions   = ["kms:Decrypt"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [for step in local._readers : "arn:${local._partition}:iam::${local._account}:role${var.role_path}${local._role_names[step]}"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [local._s3_service]
    }
  }
}
