# Why there are so many keys and so few values in for_each, and locals in depends_on: a plan's time would grow with the square of
# the pipelines' number. Terraform walks through all that for_each is given, for each instance; a function is handed a copy of its
# arguments; and each instance would wait for each instance of what it depends on.

locals {
  # What for_each takes: maps, which are walked through faster than objects. Instances look up what belongs to their key.
  _keys = {
    campaigns      = tomap({ for key in keys(local._wanted_campaigns) : key => key })
    datasets       = tomap({ for key in keys(local._datasets) : key => key })
    event_trackers = tomap({ for key in keys(local._wanted_trackers) : key => key })
    filters        = tomap({ for key in keys(local._filters) : key => key })
    pipelines      = tomap({ for key in keys(local._pipelines) : key => key })
    schedules      = tomap({ for key in keys(local._schedules) : key => key })
    solutions      = tomap({ for key in keys(local._solutions) : key => key })
  }

  # What depends_on takes: one gate between all instances of the one and all of the other.
  _after_campaigns      = keys(aws_lambda_invocation.campaign)
  _after_dataset_groups = keys(aws_lambda_invocation.dataset_group)
  _after_datasets       = keys(aws_lambda_invocation.dataset)
  _after_declared       = keys(aws_dynamodb_table_item.pipeline)
  _after_event_trackers = keys(aws_lambda_invocation.event_tracker)
  _after_filters        = keys(aws_lambda_invocation.filter)
  _after_guards         = keys(aws_lambda_invocation.guard)
  _after_schedules      = keys(aws_scheduler_schedule.this)
  _after_solutions      = keys(aws_lambda_invocation.solution)
}
