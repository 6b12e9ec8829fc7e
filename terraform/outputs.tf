output "bucket" {
  description = "The data bucket's name."
  value       = local._bucket
}

output "bucket_policy" {
  description = "The statements that the data bucket needs, as a policy. The module sets it on the bucket that it makes; for a bucket of your own, add them."
  value       = data.aws_iam_policy_document.bucket.json
}

output "campaign_arns" {
  description = "Campaign ARNs, by pipeline and solution. A campaign is there from its first run on."
  value = {
    for key, p in local._pipelines : key => {
      for solution in keys(p.solutions) : solution => local._campaign_arns["${key}/${solution}"]
      if can(local._campaign_arns["${key}/${solution}"])
    }
  }
}

output "data_key_policy" {
  description = "The statements that the policy of each key in `data_kms_key_arns` needs. KMS takes no role that is not there: add them after the first apply. Null without such keys."
  value       = length(var.data_kms_key_arns) == 0 ? null : data.aws_iam_policy_document.data_key.json
}

output "dataset_arns" {
  description = "Dataset ARNs, by pipeline and type."
  value       = { for key, p in local._pipelines : key => { for type in keys(p.datasets) : type => local._made[key]["dataset/${type}"].arn } }
}

output "dataset_group_arns" {
  description = "Dataset group ARNs, by pipeline."
  value       = { for key, made in local._made : key => made.dataset_group.arn }
}

output "dlq_urls" {
  description = "Dead-letter queue URLs, by step."
  value       = { for step, queue in aws_sqs_queue.dead_letters : step => queue.url }
}

output "event_bus" {
  description = "The bus that outcomes are put on and that \"Personalize retrain requested\" events are taken from."
  value       = var.event_bus_name
}

output "filter_arns" {
  description = "Filter ARNs, by pipeline and name. They end in a hash: a changed expression makes a filter beside the old one, which stays until the next change. Filters need data, so the first run makes them."
  value       = { for key, p in local._pipelines : key => { for filter in keys(p.filters) : filter => local._made[key]["filter/${filter}"].arn } }
}

output "function_names" {
  description = "Function names, by step, and glue's."
  value       = merge({ for step, function in module.step : step => function.name }, { glue = module.glue.name })
}

output "ledger_table" {
  description = "The run ledger's name."
  value       = aws_dynamodb_table.ledger.name
}

output "queue_urls" {
  description = "Queue URLs, by step."
  value       = { for step, queue in aws_sqs_queue.step : step => queue.url }
}

output "schedule_group" {
  description = "The group that the schedules are in."
  value       = aws_scheduler_schedule_group.this.name
}

output "schedules" {
  description = "Schedule names, by pipeline and schedule."
  value = {
    for key, p in local._pipelines : key => {
      for schedule in keys(p.schedules) : schedule => aws_scheduler_schedule.this["${key}/${schedule}"].name
    }
  }
}

output "service_role_arn" {
  description = "The role that Personalize assumes to read the data."
  value       = aws_iam_role.service.arn
}

output "solution_arns" {
  description = "Solution ARNs, by pipeline and solution. They end in a hash: a changed recipe or hyperparameter makes a solution beside the old one."
  value       = { for key, p in local._pipelines : key => { for solution in keys(p.solutions) : solution => local._made[key]["solution/${solution}"].arn } }
}

output "tracking_ids" {
  description = "Event tracking ids, by pipeline: what PutEvents takes."
  value       = { for key, p in local._pipelines : key => local._made[key].event_tracker.tracking_id if p.event_tracker }
}

output "upload_prefixes" {
  description = "Where to upload, by pipeline and dataset type: an S3 URI that ends in a slash."
  value = {
    for key, p in local._pipelines : key => {
      for type in keys(p.datasets) : type => "s3://${local._bucket}/${local._datasets["${key}/${type}"].prefix}"
    }
  }
}
