# A function per step, and glue, which Terraform itself calls. Each runs as a role of its own.

locals {
  _glue = "${var.name}-glue"
  _role = { path = var.role_path, permissions_boundary = var.permissions_boundary }

  _environment = {
    LEDGER_TABLE                 = local._ledger
    MAX_TRIES                    = tostring(local._table.max_tries)
    POLL_FLOOR_SECONDS           = tostring(var.poll_floor_seconds)
    POWERTOOLS_LOG_LEVEL         = "INFO"
    POWERTOOLS_METRICS_NAMESPACE = "PersonalizePipelines"
    POWERTOOLS_SERVICE_NAME      = var.name
    QUOTAS                       = jsonencode({ import = local._quotas.imports, train = local._quotas.trainings })
    TYPICAL_SECONDS = jsonencode({
      dataset_import_job = 60 * local._typical_minutes.import_job
      solution_version   = 60 * local._typical_minutes.solution_version
      campaign           = 60 * local._typical_minutes.campaign
      filter             = 60 * local._typical_minutes.filter
    })
  }
}

module "step" {
  source             = "./modules/function"
  for_each           = local._steps
  name               = "${var.name}-${each.key}"
  description        = "Step ${each.key} of the Personalize pipelines of ${var.name}"
  handler            = each.value.handler
  timeout            = each.value.timeout
  memory_mb          = var.function_memory_mb
  package            = local._package
  role               = merge(local._role, { name = local._role_names[each.key] })
  statements         = local._statements[each.key]
  kms_key_arn        = var.kms_key_arn
  log_retention_days = var.log_retention_days
  tags               = var.tags

  environment = merge(
    local._environment,
    { QUEUES = jsonencode({ for step in each.value.next : step => local._queue_urls[step] }) },
    contains(keys(each.value.permissions), "bus") ? { EVENT_BUS = var.event_bus_name } : {},
  )
}

module "glue" {
  source             = "./modules/function"
  name               = local._glue
  description        = "Makes, takes over and removes what ${var.name} has in Personalize, for Terraform"
  handler            = local._table.glue.handler
  timeout            = local._table.glue.timeout
  memory_mb          = var.function_memory_mb
  package            = local._package
  role               = merge(local._role, { name = local._role_names["glue"] })
  statements         = local._statements["glue"]
  kms_key_arn        = var.kms_key_arn
  log_retention_days = var.log_retention_days
  tags               = var.tags
  environment        = { for key, value in local._environment : key => value if key == "LEDGER_TABLE" || startswith(key, "POWERTOOLS_") }
}

# Lambda stops a chain of messages when it has invoked one function about 16 times, unless the function may be a part of a loop:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
# Steps send to themselves for as long as Personalize works, and each run sends the next one off.
resource "aws_lambda_function_recursion_config" "step" {
  for_each       = { for step, row in local._steps : step => row if try(row.recursive, false) }
  function_name  = module.step[each.key].name
  recursive_loop = "Allow"
}

resource "aws_lambda_event_source_mapping" "step" {
  for_each                = local._steps
  event_source_arn        = aws_sqs_queue.step[each.key].arn
  function_name           = module.step[each.key].name
  batch_size              = 1 # each message has the function's whole time: none fails because those before it were slow
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }

  # Destroyed before glue removes campaigns and solutions: no step may make a campaign in the meantime.
  depends_on = [module.step, aws_lambda_function_recursion_config.step, aws_lambda_invocation.ready]
}
