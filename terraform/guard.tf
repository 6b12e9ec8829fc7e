# Made last, so destroyed first: with deletion protection on, glue refuses its deletion before anything is touched. One for each
# pipeline, so that a pipeline that is taken out of the declaration is refused before its schedules and rules are gone.

resource "aws_lambda_invocation" "guard" {
  for_each        = var.pipelines
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input = jsonencode({
    resource            = "guard"
    name                = "everything of pipeline '${each.key}'"
    deletion_protection = var.deletion_protection
  })

  depends_on = [
    module.glue,
    module.step,
    aws_cloudcontrolapi_resource.dataset_group,
    aws_cloudcontrolapi_resource.event_tracker,
    aws_cloudcontrolapi_resource.filter,
    aws_cloudcontrolapi_resource.schema,
    aws_cloudwatch_event_target.this,
    aws_cloudwatch_metric_alarm.dead_letters,
    aws_dynamodb_table_item.campaign,
    aws_dynamodb_table_item.pipeline,
    aws_iam_role_policy.scheduler,
    aws_iam_role_policy.service,
    aws_lambda_event_source_mapping.step,
    aws_lambda_invocation.campaign_guard,
    aws_lambda_invocation.campaign_ready,
    aws_lambda_invocation.dataset_ready,
    aws_lambda_invocation.solution_ready,
    aws_s3_bucket_lifecycle_configuration.data,
    aws_s3_bucket_notification.data,
    aws_s3_bucket_ownership_controls.data,
    aws_s3_bucket_policy.data,
    aws_s3_bucket_public_access_block.data,
    aws_s3_bucket_server_side_encryption_configuration.data,
    aws_s3_bucket_versioning.data,
    aws_scheduler_schedule.this,
    aws_scheduler_schedule.watchdog,
  ]
}
