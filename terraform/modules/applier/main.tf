# The policy of the person (or the pipeline of continuous delivery) who plans, applies and destroys the module: what the provider
# calls for them, on what the module names, and nothing else. Personalize itself is called by the module's own functions.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  _account   = data.aws_caller_identity.current.account_id
  _partition = data.aws_partition.current.partition
  _region    = data.aws_region.current.id

  _arn = {
    for service in ["cloudwatch", "dynamodb", "events", "kms", "lambda", "logs", "scheduler", "sqs"] :
    service => "arn:${local._partition}:${service}:${local._region}:${local._account}"
  }

  _bucket = coalesce(var.bucket_name, "${var.name}-${local._account}-${local._region}-data")
  _buses  = distinct(["", var.event_bus_name == "default" ? "" : "${var.event_bus_name}/"])
  _roles  = "arn:${local._partition}:iam::${local._account}:role${var.role_path}${var.name}"

  _functions = "${local._arn.lambda}:function:${var.name}-*"

  _resources = {
    # Knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    any = ["*"]

    alarms          = ["${local._arn.cloudwatch}:alarm:${var.name}-*"]
    all_alarms      = ["${local._arn.cloudwatch}:alarm:*"]            # asked for by a name that begins so, checked on all
    all_mappings    = ["${local._arn.lambda}:event-source-mapping:*"] # also looked at when gone, and of no function any more
    bounded_roles   = ["${local._roles}-*-${local._region}"]
    bucket          = var.bucket_name == null ? ["arn:${local._partition}:s3:::${local._bucket}"] : []
    default_key     = var.kms_key_arn == null ? ["${local._arn.kms}:key/*"] : [] # the provider looks DynamoDB's own up, by its alias
    function_roles  = ["${local._roles}-*-${local._region}"]
    functions       = [local._functions]
    glue            = ["${local._arn.lambda}:function:${var.name}-glue"]
    key             = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    ledger          = ["${local._arn.dynamodb}:table/${var.name}-ledger"]
    log_groups      = ["${local._arn.logs}:log-group:/aws/lambda/${var.name}-*"]
    mappings        = ["*"] # their ids are random: see the condition
    objects         = var.bucket_name == null && var.force_destroy ? ["arn:${local._partition}:s3:::${local._bucket}/*"] : []
    package         = var.package_object == null ? [] : ["arn:${local._partition}:s3:::${var.package_object}"]
    queues          = ["${local._arn.sqs}:${var.name}-*"]
    roles           = ["${local._roles}-*-${local._region}"]
    rules           = [for bus in local._buses : "${local._arn.events}:rule/${bus}${var.name}-*"]
    schedule_group  = ["${local._arn.scheduler}:schedule-group/${var.name}"]
    scheduler_role  = ["${local._roles}-scheduler-${local._region}"]
    schedules       = ["${local._arn.scheduler}:schedule/${var.name}/*"]
    unbounded_roles = var.permissions_boundary == null ? ["${local._roles}-*-${local._region}"] : []
  }

  _conditions = {
    bounded_roles  = var.permissions_boundary == null ? null : { StringEquals = { "iam:PermissionsBoundary" = var.permissions_boundary } }
    default_key    = { StringEquals = { "kms:RequestAlias" = "alias/aws/dynamodb" } }
    function_roles = { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
    mappings       = { ArnLike = { "lambda:FunctionArn" = local._functions } }
    scheduler_role = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
  }

  _table   = { for type, kinds in jsondecode(file("${path.module}/actions.json")) : type => kinds if type != "//" }
  _granted = { for type, kinds in local._table : type => kinds if type != "force_destroy" || var.force_destroy }

  # Kind of thing → actions of all types of resources.
  _actions = {
    for kind, resources in local._resources : kind => sort(distinct(flatten([for kinds in values(local._granted) : lookup(kinds, kind, [])])))
    if length(resources) > 0
  }

  _statements = [
    for kind, actions in local._actions : {
      for field, value in {
        Sid       = replace(title(replace(kind, "_", " ")), " ", "")
        Effect    = "Allow"
        Action    = actions
        Resource  = local._resources[kind]
        Condition = lookup(local._conditions, kind, null)
      } : field => value if value != null
    } if length(actions) > 0
  ]
}
