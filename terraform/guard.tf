# Made last, so destroyed first: with deletion protection on, or where somebody else keeps something in the dataset group, glue refuses
# its deletion before anything is touched. One for each pipeline, so that a pipeline that is taken out of the declaration is refused
# before its schedules and rules are gone.

resource "aws_lambda_invocation" "guard" {
  for_each        = local._keys.pipelines
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input = jsonencode({
    resource            = "guard"
    name                = "everything of pipeline '${each.key}'"
    arn                 = local._dataset_group_arns[each.key]
    pipeline            = each.key
    datasets            = keys(local._pipelines[each.key].datasets)
    deletion_protection = var.deletion_protection
  })

  depends_on = [
    module.glue,
    module.step,
    aws_cloudwatch_event_target.this,
    aws_cloudwatch_metric_alarm.dead_letters,
    local._after_declared,
    local._after_filters,
    aws_iam_role_policy.scheduler,
    aws_iam_role_policy.service,
    aws_lambda_event_source_mapping.step,
    local._made,
    aws_s3_bucket_lifecycle_configuration.data,
    aws_s3_bucket_notification.data,
    aws_s3_bucket_ownership_controls.data,
    aws_s3_bucket_policy.data,
    aws_s3_bucket_public_access_block.data,
    aws_s3_bucket_server_side_encryption_configuration.data,
    aws_s3_bucket_versioning.data,
    local._after_schedules,
    aws_scheduler_schedule.watchdog,
  ]
}

# Destroyed before those: S3 would refuse to delete a bucket that holds files, but only when everything else is gone.
resource "aws_lambda_invocation" "bucket_guard" {
  count           = length(aws_s3_bucket.data)
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input = jsonencode({
    resource            = "guard"
    name                = "everything of '${var.name}'"
    bucket              = var.force_destroy ? null : local._bucket
    deletion_protection = var.deletion_protection
  })

  depends_on = [local._after_guards]
}
