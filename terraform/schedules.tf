# One EventBridge Scheduler schedule per entry; each puts a message into start's queue.

locals {
  # An at(…) as a time of UTC; null where there is no such day or hour. Where the schedule has a zone of its own, the time comes there
  # up to twelve hours later.
  _times = {
    for key, s in local._schedules : key => try(timeadd("${regex("^at\\((.*)\\)$", s.expression)[0]}Z", s.timezone == "UTC" ? "0s" : "12h"), null)
    if startswith(s.expression, "at(")
  }

  _schedules_named = { for key, s in local._schedules : s.name => s.at... }

  _scheduler_role_arn = "arn:${local._partition}:iam::${local._account}:role${var.role_path}${local._role_names["scheduler"]}"

  _scheduler_targets = [local._queue_arns["start"], local._dlq_arns["start"]]
}

# Scheduler takes a time that has passed, and never fires it; one that has fired stays.
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
check "times_to_come" {
  assert {
    condition     = alltrue([for key, time in local._times : timecmp(time, plantimestamp()) > 0 if time != null && local._schedules[key].enabled])
    error_message = "These times have passed, so that the schedules never fire (again); take them out, or give new times: ${join(", ", [for key, time in local._times : "${local._schedules[key].at} ${local._schedules[key].expression}" if time != null && local._schedules[key].enabled && try(timecmp(time, plantimestamp()) <= 0, false)])}."
  }
}

resource "aws_scheduler_schedule_group" "this" {
  name = var.name
  tags = var.tags
}

resource "aws_scheduler_schedule" "this" {
  for_each                     = local._keys.schedules
  name                         = local._schedules[each.key].name
  group_name                   = var.name
  description                  = "Runs pipeline ${local._schedules[each.key].pipeline} of ${var.name}: ${local._schedules[each.key].what}"
  schedule_expression          = local._schedules[each.key].expression
  schedule_expression_timezone = local._schedules[each.key].timezone
  state                        = local._schedules[each.key].enabled ? "ENABLED" : "DISABLED"
  kms_key_arn                  = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = local._queue_arns["start"]
    role_arn = local._scheduler_role_arn

    # The scheduled time is the trigger's id: a schedule that fires twice makes one run. jsonencode would write < and > as
    # escapes, which Scheduler does not look through.
    input = replace(replace(jsonencode({
      trigger = "schedule"
      id      = "${local._schedules[each.key].name}/<aws.scheduler.scheduled-time>"
      time    = "<aws.scheduler.scheduled-time>"
      request = {
        pipeline      = local._schedules[each.key].pipeline
        what          = local._schedules[each.key].what
        solutions     = local._schedules[each.key].solutions
        training_mode = local._schedules[each.key].training_mode
        force         = local._schedules[each.key].force
      }
    }), "\\u003c", "<"), "\\u003e", ">")

    dead_letter_config {
      arn = local._dlq_arns["start"]
    }
  }

  # Nothing fires before the pipeline is declared, or while it is being taken down.
  depends_on = [
    local._after_declared,
    aws_iam_role_policy.scheduler,
    aws_scheduler_schedule_group.this,
    aws_sqs_queue.dead_letters,
    aws_sqs_queue.step,
  ]

  lifecycle {
    precondition {
      condition     = contains(["everything", "import", "train"], local._schedules[each.key].what)
      error_message = "${local._schedules[each.key].at}.what: \"${local._schedules[each.key].what}\"; choose everything, import or train."
    }

    precondition {
      condition     = contains(["FULL", "UPDATE"], local._schedules[each.key].training_mode)
      error_message = "${local._schedules[each.key].at}.training_mode: \"${local._schedules[each.key].training_mode}\"; choose FULL or UPDATE."
    }

    precondition {
      condition     = alltrue([for solution in local._schedules[each.key].trains : contains(keys(local._pipelines[local._schedules[each.key].pipeline].solutions), solution)])
      error_message = "${local._schedules[each.key].at}.solutions: the pipeline has no ${join(", ", setsubtract(local._schedules[each.key].trains, keys(local._pipelines[local._schedules[each.key].pipeline].solutions)))}; it has ${join(", ", keys(local._pipelines[local._schedules[each.key].pipeline].solutions))}."
    }

    precondition {
      condition     = local._schedules[each.key].solutions == null ? true : local._schedules[each.key].what != "import" && length(local._schedules[each.key].solutions) > 0
      error_message = "${local._schedules[each.key].at}.solutions: ${local._schedules[each.key].what == "import" ? "an import trains nothing" : "an empty list"}; leave it out."
    }

    precondition {
      condition     = local._schedules[each.key].what != "train" || length(local._pipelines[local._schedules[each.key].pipeline].solutions) > 0
      error_message = "${local._schedules[each.key].at}.what: train, but the pipeline has no solutions."
    }

    precondition {
      condition = local._schedules[each.key].training_mode != "UPDATE" || alltrue([
        for solution in local._schedules[each.key].trains : try(local._recipes[local._solutions["${local._schedules[each.key].pipeline}/${solution}"].recipe].updates, true)
      ])
      error_message = "${local._schedules[each.key].at}.training_mode: UPDATE is for solutions with aws-user-personalization only; name those in \"solutions\", or choose FULL. Others that it would train: ${join(", ", [for solution in local._schedules[each.key].trains : solution if !try(local._recipes[local._solutions["${local._schedules[each.key].pipeline}/${solution}"].recipe].updates, true)])}."
    }

    precondition {
      condition     = length(local._schedules[each.key].name) <= 64
      error_message = "${local._schedules[each.key].at}: the schedule's name \"${local._schedules[each.key].name}\" has ${length(local._schedules[each.key].name)} characters of at most 64; shorten one of its parts."
    }

    precondition {
      condition     = length(local._schedules_named[local._schedules[each.key].name]) == 1
      error_message = "${local._schedules[each.key].at}: another pipeline's schedule is named \"${local._schedules[each.key].name}\" too; rename one of them."
    }
  }
}

# Runs whose messages were lost are put back on their way; functions/watchdog.py has the same message.
resource "aws_scheduler_schedule" "watchdog" {
  name                = "${var.name}-watchdog"
  group_name          = aws_scheduler_schedule_group.this.name
  description         = "Looks after the runs of ${var.name} that have gone quiet"
  schedule_expression = "rate(30 minutes)"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = local._queue_arns["start"]
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ watch = "runs" })

    dead_letter_config {
      arn = local._dlq_arns["start"]
    }
  }

  depends_on = [local._after_declared, aws_iam_role_policy.scheduler, aws_sqs_queue.dead_letters, aws_sqs_queue.step]
}

resource "aws_iam_role" "scheduler" {
  name                 = local._role_names["scheduler"]
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  description          = "Assumed by EventBridge Scheduler to start the runs of ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.scheduler_trust.json
  tags                 = var.tags
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "start-runs"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local._account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["${local._arn.scheduler}:schedule-group/${var.name}"]
    }
  }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "SendToStart"
    actions   = ["sqs:SendMessage"]
    resources = local._scheduler_targets
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}
