# A queue per step, each with its dead-letter queue.

locals {
  _queue_arns = { for step in keys(local._steps) : step => "${local._arn.sqs}:${var.name}-${step}" }
  _dlq_arns   = { for step in keys(local._steps) : step => "${local._arn.sqs}:${var.name}-${step}-dlq" }

  # As AWS makes them, so that no function waits for a queue: a queue and its dead-letter queue take a minute to settle.
  _queue_urls = {
    for step in keys(local._steps) :
    step => "https://sqs.${local._region}.${data.aws_partition.current.dns_suffix}/${local._account}/${var.name}-${step}"
  }

  # EventBridge sends to start's queue, and what it cannot deliver there, to start's dead-letter queue. By a pattern of our rules'
  # names: a queue's policy takes 8,192 bytes. The keys: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
  _queue_policies = {
    for name, arn in merge(local._queue_arns, { for step, arn in local._dlq_arns : "${step}-dlq" => arn }) :
    name => { arn = arn, rules = contains(["start", "start-dlq"], name) ? local._rule_arns : [] }
  }
}

resource "aws_sqs_queue" "step" {
  for_each = local._steps
  name     = "${var.name}-${each.key}"
  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  visibility_timeout_seconds = 6 * each.value.timeout
  message_retention_seconds  = 4 * 24 * 60 * 60
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  policy                     = data.aws_iam_policy_document.queue[each.key].json
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters[each.key].arn
    maxReceiveCount     = local._table.max_receives
  })
}

resource "aws_sqs_queue" "dead_letters" {
  for_each                  = local._steps
  name                      = "${var.name}-${each.key}-dlq"
  message_retention_seconds = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
  policy                    = data.aws_iam_policy_document.queue["${each.key}-dlq"].json
  tags                      = var.tags

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local._queue_arns[each.key]]
  })
}

# A policy of its own would be one more resource for each queue, and half a minute of waiting: it is part of the queue.
data "aws_iam_policy_document" "queue" {
  for_each = local._queue_policies

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.rules) == 0 ? [] : [each.value.rules]

    content {
      sid       = "EventBridge"
      actions   = ["sqs:SendMessage"]
      resources = [each.value.arn]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = statement.value
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local._account]
      }
    }
  }
}
