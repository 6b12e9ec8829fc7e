# One key for everything at rest, and the services that may use it.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  of_personalize = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:ListGrants"]
}

resource "aws_kms_key" "data" {
  description         = "Data, queues, ledger and logs of ${var.name}"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "data" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.data.id
}

data "aws_iam_policy_document" "key" {
  # checkov:skip=CKV_AWS_33: any principal, but by the condition it is the one role.
  # checkov:skip=CKV_AWS_109: a key's policy is about that key alone; without the account in it, nobody could ever change it.
  # checkov:skip=CKV_AWS_111: as above.
  # checkov:skip=CKV_AWS_356: in a key's policy, "*" means the key.
  statement {
    sid       = "AccountThroughIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
  statement {
    sid       = "Logs"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-*"]
    }
  }

  # EventBridge writes to start's queue, CloudWatch's alarms to the topic.
  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
  statement {
    sid       = "Senders"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  # Personalize uses the key as the service and as the role that it assumes. The role is told by its name: it is made by the
  # module, which is given this key, and a policy can't name a principal that is not there yet. Conditions on the service are
  # documented for the role's trust policy only, so there are none here.
  # https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-key-access.html
  statement {
    sid       = "Personalize"
    actions   = local.of_personalize
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["personalize.amazonaws.com"]
    }
  }

  statement {
    sid       = "PersonalizeRole"
    actions   = local.of_personalize
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = ["arn:${local.partition}:iam::${local.account}:role/${var.name}-personalize-${local.region}"]
    }
  }
}
