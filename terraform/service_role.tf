# The role that Personalize assumes to read the data.

locals {
  # White space does not count, so that JSON without it tells the size.
  _policy_characters = merge(
    { for function, statements in local._statements : function => length(jsonencode({
      Version   = "2012-10-17"
      Statement = [for s in statements : { Sid = s.sid, Effect = "Allow", Action = s.actions, Resource = s.resources, Condition = s.passed_to }]
    })) },
    { personalize = length(jsonencode(jsondecode(data.aws_iam_policy_document.service.json))) },
  )

  # https://docs.aws.amazon.com/general/latest/gr/personalize.html, as botocore's endpoints had it in November 2026.
  _personalize_regions = [
    "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "cn-north-1", "eu-central-1",
    "eu-west-1", "us-east-1", "us-east-2", "us-west-2",
  ]

  # IAM has no regions: with the region in its name, the same deployment can live in several.
  _role_names = { for role in concat(keys(local._steps), ["glue", "personalize", "scheduler"]) : role => "${var.name}-${role}-${local._region}" }

  _service_role_arn = "arn:${local._partition}:iam::${local._account}:role${var.role_path}${local._role_names["personalize"]}"
}

resource "aws_iam_role" "service" {
  name                 = local._role_names["personalize"]
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "Assumed by Amazon Personalize to read the data of ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.service_trust.json
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = contains(local._personalize_regions, local._region)
      error_message = "The provider's region is ${local._region}, where there is no Amazon Personalize. It is in ${join(", ", local._personalize_regions)}."
    }
  }
}

resource "aws_iam_role_policy" "service" {
  name   = "read-data"
  role   = aws_iam_role.service.id
  policy = data.aws_iam_policy_document.service.json

  lifecycle {
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    precondition {
      condition     = max(values(local._policy_characters)...) <= 10240
      error_message = "pipelines[…].solutions[…].campaign.name: a role's policy would have more than the 10240 characters that IAM takes: ${join(", ", [for role, characters in local._policy_characters : "${role} ${characters}" if characters > 10240])}. Policies list each campaign whose name does not begin with \"${var.name}-\". Give fewer campaigns such names, or split the pipelines among several deployments."
    }
  }
}

# https://docs.aws.amazon.com/personalize/latest/dg/cross-service-confused-deputy-prevention.html
data "aws_iam_policy_document" "service_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["personalize.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local._account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local._arn.personalize}:*"]
    }
  }
}

data "aws_iam_policy_document" "service" {
  statement {
    sid       = "ListData"
    actions   = ["s3:ListBucket"]
    resources = [local._bucket_arn]
  }

  statement {
    sid       = "ReadData"
    actions   = ["s3:GetObject"]
    resources = local._data_arns
  }

  # https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-key-access.html
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:ListGrants"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = local._data_keys

    content {
      sid       = "DecryptData"
      actions   = ["kms:Decrypt"]
      resources = statement.value

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [local._s3_service]
      }
    }
  }
}
