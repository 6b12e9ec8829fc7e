# Who may do what. pipeline.json says which action each function needs on which kind of thing; here the kinds become ARNs.
# Which actions know which resource types: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonpersonalize.html

locals {
  _table = jsondecode(file("${path.module}/pipeline.json"))
  _steps = local._table.steps

  _resources = {
    # The only wildcard. Personalize's List* actions know no resource type (see above), and neither does X-Ray's writing:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    any = ["*"]

    bucket       = [local._bucket_arn]
    bus          = ["${local._arn.events}:event-bus/${var.event_bus_name}"]
    data         = local._data_arns
    ledger       = [local._ledger_arn]
    service_role = [local._service_role_arn]

    # Names of what runs make begin with this module's name. A dataset's ARN holds its dataset group's name, and a
    # solution version's ARN that of its solution.
    campaigns      = concat(["${local._arn.personalize}:campaign/${var.name}-*"], [for arn in values(local._campaign_arns) : arn if !startswith(arn, "${local._arn.personalize}:campaign/${var.name}-")])
    dataset_groups = ["${local._arn.personalize}:dataset-group/${var.name}-*"]
    datasets       = ["${local._arn.personalize}:dataset/${var.name}-*"]
    filters        = ["${local._arn.personalize}:filter/${var.name}-*"]
    import_jobs    = ["${local._arn.personalize}:dataset-import-job/${var.name}-*"]
    schemas        = ["${local._arn.personalize}:schema/${var.name}-*"]
    solutions      = ["${local._arn.personalize}:solution/${var.name}-*"]

    # Personalize names trackers; and a dataset that was made by hand has a schema of any name.
    any_schema     = ["${local._arn.personalize}:schema/*"]
    event_trackers = ["${local._arn.personalize}:event-tracker/*"]

    # AWS's own, without an account in the ARN. All of them, not those in use: a changed policy takes IAM a while to see,
    # and glue makes a solution with another recipe at once.
    recipes = ["arn:${local._partition}:personalize:::recipe/aws-*"]
  }

  # For every function: a statement per kind of thing.
  _statements = {
    for function, declared in merge(local._steps, { glue = local._table.glue }) : function => concat(
      [
        for kind, actions in merge(local._table.runtime, declared.permissions, function == "glue" ? {} : local._table.consumer) : {
          sid = replace(title(replace(kind, "_", " ")), " ", "")
          # A kind may occur in both tables; what it allows then adds up.
          actions = distinct(concat(
            lookup(local._table.runtime, kind, []),
            lookup(declared.permissions, kind, []),
            function == "glue" ? [] : lookup(local._table.consumer, kind, []),
          ))
          resources = (
            kind == "own_logs" ? ["${local._arn.logs}:log-group:/aws/lambda/${var.name}-${function}:*"] :
            kind == "own_queue" ? [local._queue_arns[function]] :
            local._resources[kind]
          )
          passed_to = kind == "service_role" ? "personalize.amazonaws.com" : null
        }
      ],
      [
        for next in [lookup(declared, "next", [])] : {
          sid       = "Next"
          actions   = ["sqs:SendMessage"]
          resources = [for step in next : local._queue_arns[step]]
          passed_to = null
        } if length(next) > 0
      ],
      # Queues, ledger and the function's own environment are encrypted with the key, where there is one. Glue has the last only.
      [
        for key in [var.kms_key_arn] : {
          sid       = "Key"
          actions   = function == "glue" ? ["kms:Decrypt"] : ["kms:Decrypt", "kms:GenerateDataKey"]
          resources = [key]
          passed_to = null
        } if key != null
      ],
      [
        for keys in local._data_keys : {
          sid       = "DataKeys"
          actions   = ["kms:Decrypt"]
          resources = keys
          passed_to = null
          via       = local._s3_service
        } if contains(local._readers, function)
      ],
    )
  }
}
