# The run ledger: what is declared (written here), leases and runs (written by the functions).

locals {
  _ledger     = "${var.name}-ledger"
  _ledger_arn = "${local._arn.dynamodb}:table/${local._ledger}"

  # A pipeline as a run reads it, but for its campaigns (next door); functions/model.py has the same shape.
  _declared = {
    for pipeline, p in local._pipelines : pipeline => {
      pipeline          = pipeline
      name              = var.name
      role_arn          = local._service_role_arn
      dataset_group_arn = local._dataset_group_arns[pipeline]
      event_tracker     = p.event_tracker
      settle_seconds    = p.retrain_on_upload.settle_seconds
      deadlines         = p.deadlines
      tags              = var.tags
      datasets = {
        for type in keys(p.datasets) : type => {
          arn        = local._dataset_arns["${pipeline}/${type}"]
          schema_arn = local._made[pipeline]["dataset/${type}"].schema_arn
          location   = "s3://${local._bucket}/${local._datasets["${pipeline}/${type}"].prefix}"
          columns    = local._columns["${pipeline}/${type}"]
        }
      }
      filters = {
        for filter, expression in p.filters : filter => {
          name       = element(split("/", local._made[pipeline]["filter/${filter}"].arn), 1)
          arn        = local._made[pipeline]["filter/${filter}"].arn
          expression = expression
        }
      }
      solutions = {
        for solution in keys(p.solutions) : solution => {
          arn     = local._made[pipeline]["solution/${solution}"].arn
          updates = try(local._recipes[local._solutions["${pipeline}/${solution}"].recipe].updates, false)
        }
      }
    }
  }
}

resource "aws_dynamodb_table" "ledger" {
  name                        = local._ledger
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_dynamodb_table_item" "pipeline" {
  for_each   = local._keys.pipelines
  table_name = local._ledger
  hash_key   = "pk"
  range_key  = "sk"
  item = jsonencode({
    pk   = { S = "pipeline" }
    sk   = { S = each.key }
    spec = { S = jsonencode(local._declared[each.key]) }
  })

  # The data can be read, and the campaigns are declared, from the moment that a run can be asked for.
  depends_on = [local._made, aws_dynamodb_table.ledger, aws_iam_role_policy.service, aws_s3_bucket_policy.data, module.step]
}
