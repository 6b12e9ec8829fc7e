# A Lambda function with a role and a log group of its own.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "this" {
  dynamic "statement" {
    for_each = var.statements

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.passed_to == null ? [] : [statement.value.passed_to]

        content {
          test     = "StringEquals"
          variable = "iam:PassedToService"
          values   = [condition.value]
        }
      }

      dynamic "condition" {
        for_each = statement.value.via == null ? [] : [statement.value.via]

        content {
          test     = "StringEquals"
          variable = "kms:ViaService"
          values   = [condition.value]
        }
      }
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = var.role.name
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  description          = "Runs the function ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "least-privilege"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: a year by default; log_retention_days is the team's to choose.
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_115: its queue's mapping has a maximum concurrency; a reservation would take it from the account's other functions.
  # checkov:skip=CKV_AWS_116: invoked by a queue that has a dead-letter queue, or by a caller who waits for the answer.
  # checkov:skip=CKV_AWS_117: speaks to AWS's own endpoints only; a network of its own would guard nothing and cost a NAT gateway.
  # checkov:skip=CKV_AWS_272: the zip comes from the team's own build, and its hash is in the plan.
  function_name     = var.name
  description       = var.description
  role              = aws_iam_role.this.arn
  runtime           = "python3.13"
  architectures     = ["arm64"]
  handler           = var.handler
  timeout           = var.timeout
  memory_size       = var.memory_mb
  kms_key_arn       = var.kms_key_arn
  filename          = var.package.path
  s3_bucket         = var.package.s3_bucket
  s3_key            = var.package.s3_key
  s3_object_version = var.package.s3_object_version
  source_code_hash  = var.package.path == null ? var.package.source_code_hash : filebase64sha256(var.package.path)
  tags              = var.tags

  environment {
    variables = var.environment
  }

  tracing_config {
    mode = "Active"
  }

  # A function that runs before its log group is there makes one that Terraform does not know, and keeps it for ever.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
