# Runs that events start: files uploaded to the bucket, and the team's own events.

locals {
  _upload_rules = { for key, p in var.pipelines : key => "${var.name}-${key}-upload" if p.retrain_on_upload.enabled }
  _retrain_rule = "${var.name}-retrain"

  # A rule's ARN names its bus, unless that is the default one.
  _rule_arns = merge(
    { for key, name in local._upload_rules : key => "${local._arn.events}:rule/${name}" },
    { "/retrain" = "${local._arn.events}:rule/${var.event_bus_name == "default" ? "" : "${var.event_bus_name}/"}${local._retrain_rule}" },
  )
}

resource "aws_cloudwatch_event_rule" "upload" {
  for_each    = local._upload_rules
  name        = each.value
  description = "Files for pipeline ${each.key} of ${var.name} have arrived"
  tags        = var.tags
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [local._bucket] }
      object = {
        key = [for d in local._datasets : { prefix = d.prefix } if d.pipeline == each.key]
        # Consoles make folders by uploading nothing.
        size = [{ numeric = [">", 0] }]
      }
    }
  })

  lifecycle {
    precondition {
      condition     = var.pipelines[each.key].retrain_on_upload.settle_seconds >= 0 && var.pipelines[each.key].retrain_on_upload.settle_seconds <= 900
      error_message = "pipelines[\"${each.key}\"].retrain_on_upload.settle_seconds: 0 to 900, since SQS delays a message for 15 minutes at most."
    }
  }
}

resource "aws_cloudwatch_event_target" "upload" {
  for_each = local._upload_rules
  rule     = aws_cloudwatch_event_rule.upload[each.key].name
  arn      = aws_sqs_queue.step["start"].arn

  input_transformer {
    input_paths    = { id = "$.id", time = "$.time" }
    input_template = "{\"trigger\":\"upload\",\"id\":<id>,\"time\":<time>,\"request\":${jsonencode({ pipeline = each.key })}}"
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters["start"].arn
  }

  depends_on = [aws_dynamodb_table_item.pipeline]
}

resource "aws_cloudwatch_event_rule" "retrain" {
  name           = local._retrain_rule
  description    = "Somebody asks for a run of one of the pipelines of ${var.name}"
  event_bus_name = var.event_bus_name
  tags           = var.tags
  event_pattern = jsonencode({
    detail-type = ["Personalize retrain requested"]
    detail      = { pipeline = keys(var.pipelines) }
  })
}

resource "aws_cloudwatch_event_target" "retrain" {
  rule           = aws_cloudwatch_event_rule.retrain.name
  event_bus_name = var.event_bus_name
  arn            = aws_sqs_queue.step["start"].arn

  input_transformer {
    input_paths    = { id = "$.id", time = "$.time", request = "$.detail" }
    input_template = "{\"trigger\":\"event\",\"id\":<id>,\"time\":<time>,\"request\":<request>}"
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters["start"].arn
  }

  depends_on = [aws_dynamodb_table_item.pipeline]
}
