# Runs that events start: files uploaded to the bucket, and the team's own events. A few rules serve all pipelines, since a rule's
# pattern takes 2,048 characters and a bus 300 rules: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html

locals {
  # Folder → pipeline/dataset: by it, start finds whose file has arrived. Only of pipelines that want it.
  _folders = {
    for key, d in local._datasets : "s3://${local._bucket}/${d.prefix}" => key
    if local._pipelines[d.pipeline].retrain_on_upload.enabled
  }

  _pattern_characters = 2048

  # As JSON, with a hole for what a rule lists.
  _patterns = {
    upload = jsonencode({
      source      = ["aws.s3"]
      detail-type = ["Object Created"]
      detail = {
        bucket = { name = [local._bucket] }
        object = {
          key = []
          # Consoles make folders by uploading nothing.
          size = [{ numeric = [">", 0] }]
        }
      }
    })
    retrain = jsonencode({
      detail-type = ["Personalize retrain requested"]
      detail      = { pipeline = [] }
    })
  }

  _listed = {
    upload  = [for key in values(local._folders) : jsonencode({ prefix = local._datasets[key].prefix })]
    retrain = [for key in keys(local._pipelines) : jsonencode(key)]
  }

  # In as many rules as are needed: each lists so many as fit if all were as long as the longest.
  _rules = merge([
    for kind, listed in local._listed : {
      for index, part in chunklist(listed, max(1, floor((2048 - length(local._patterns[kind])) / (1 + max(1, [for each in listed : length(each)]...))))) :
      "${var.name}-${kind}-${index + 1}" => {
        kind    = kind
        bus     = kind == "upload" ? "default" : var.event_bus_name # S3's events arrive on the default one
        pattern = replace(local._patterns[kind], "[]", "[${join(",", part)}]")
      }
    }
  ]...)

  # A rule's ARN names its bus, unless that is the default one.
  _rule_arns = [
    "${local._arn.events}:rule/${var.name}-upload-*",
    "${local._arn.events}:rule/${var.event_bus_name == "default" ? "" : "${var.event_bus_name}/"}${var.name}-retrain-*",
  ]

  # What start reads of an event, by the kind of the rule.
  _inputs = {
    upload = {
      paths    = { id = "$.id", time = "$.time", bucket = "$.detail.bucket.name", key = "$.detail.object.key" }
      template = "{\"trigger\":\"upload\",\"id\":<id>,\"time\":<time>,\"upload\":{\"bucket\":<bucket>,\"key\":<key>}}"
    }
    retrain = {
      paths    = { id = "$.id", time = "$.time", request = "$.detail" }
      template = "{\"trigger\":\"event\",\"id\":<id>,\"time\":<time>,\"request\":<request>}"
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each       = local._rules
  name           = each.key
  description    = each.value.kind == "upload" ? "Files for pipelines of ${var.name} have arrived" : "Somebody asks for a run of one of the pipelines of ${var.name}"
  event_bus_name = each.value.bus
  event_pattern  = each.value.pattern
  tags           = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each       = local._rules
  rule           = each.key
  event_bus_name = each.value.bus
  arn            = local._queue_arns["start"]

  input_transformer {
    input_paths    = local._inputs[each.value.kind].paths
    input_template = local._inputs[each.value.kind].template
  }

  dead_letter_config {
    arn = local._dlq_arns["start"]
  }

  depends_on = [
    aws_cloudwatch_event_rule.this,
    aws_dynamodb_table_item.folders,
    local._after_declared,
    aws_sqs_queue.dead_letters,
    aws_sqs_queue.step,
  ]
}

resource "aws_dynamodb_table_item" "folders" {
  table_name = aws_dynamodb_table.ledger.name
  hash_key   = aws_dynamodb_table.ledger.hash_key
  range_key  = aws_dynamodb_table.ledger.range_key
  item = jsonencode({
    pk   = { S = "folders" }
    sk   = { S = "folders" }
    spec = { S = jsonencode(local._folders) }
  })

  lifecycle {
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
    precondition {
      condition     = length(base64encode(jsonencode(local._folders))) * 3 / 4 <= 400000
      error_message = "pipelines[…].datasets[…].prefix: the folders of all pipelines that retrain on upload are to be one item of the ledger, of at most 400 KB, and have ${floor(length(base64encode(jsonencode(local._folders))) * 3 / 4000)}; shorten the prefixes."
    }
  }
}
