# The role that Personalize assumes to read the data.

locals {
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
}

resource "aws_iam_role_policy" "service" {
  name   = "read-data"
  role   = aws_iam_role.service.id
  policy = data.aws_iam_policy_document.service.json
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
