# What CloudFormation can make and keep: dataset groups, event trackers, filters (and schemas, next door). Cloud Control's ids are ARNs.

locals {
  # CloudFormation wants a list of tags; only trackers and filters can change theirs in place.
  _cloudformation_tags = length(var.tags) == 0 ? null : [for key, value in var.tags : { Key = key, Value = value }]

  _dataset_group_states = {
    for key, p in var.pipelines : key => {
      Name      = "${var.name}-${key}"
      Domain    = p.domain
      KmsKeyArn = var.kms_key_arn
      RoleArn   = var.kms_key_arn == null ? null : local._service_role_arn
    }
  }
}

# No tags: a change of one would replace the dataset group. A new domain or key does: then all that lives in it is made anew,
# which the *_home resources see to, since nothing can move from one dataset group to another.
resource "aws_cloudcontrolapi_resource" "dataset_group" {
  for_each      = local._dataset_group_states
  type_name     = "AWS::Personalize::DatasetGroup"
  desired_state = jsonencode({ for property, value in each.value : property => value if value != null })

  # With a key, the role must be able to use it.
  depends_on = [aws_iam_role_policy.service]
}

resource "aws_cloudcontrolapi_resource" "event_tracker" {
  for_each  = { for key, p in var.pipelines : key => p if p.event_tracker }
  type_name = "AWS::Personalize::EventTracker"
  desired_state = jsonencode({
    for property, value in {
      Name            = "${var.name}-${each.key}"
      DatasetGroupArn = aws_cloudcontrolapi_resource.dataset_group[each.key].id
      Tags            = local._cloudformation_tags
    } : property => value if value != null
  })

  # Personalize refuses to delete a dataset that a tracker still feeds.
  depends_on = [aws_lambda_invocation.dataset_ready]

  lifecycle {
    replace_triggered_by = [aws_cloudcontrolapi_resource.dataset_group[each.key].id]
  }
}

resource "terraform_data" "filter_home" {
  for_each         = local._filters
  triggers_replace = aws_cloudcontrolapi_resource.dataset_group[each.value.pipeline].id
}

resource "aws_cloudcontrolapi_resource" "filter" {
  for_each  = local._filters
  type_name = "AWS::Personalize::Filter"
  desired_state = jsonencode({
    for property, value in {
      Name             = each.value.name
      DatasetGroupArn  = aws_cloudcontrolapi_resource.dataset_group[each.value.pipeline].id
      FilterExpression = each.value.expression
      Tags             = local._cloudformation_tags
    } : property => value if value != null
  })

  # An expression names datasets and their columns.
  depends_on = [aws_lambda_invocation.dataset_ready]

  lifecycle {
    replace_triggered_by = [terraform_data.filter_home[each.key]]

    precondition {
      condition     = can(regex("(?i)^\\s*(INCLUDE|EXCLUDE)\\s+\\w+\\s+WHERE\\s+\\S", each.value.expression))
      error_message = "${each.value.at}: not a filter expression; write it as INCLUDE (or EXCLUDE) ItemID WHERE Items.GENRES IN (\"Drama\")."
    }

    precondition {
      condition     = length(each.value.expression) <= 2500
      error_message = "${each.value.at}: ${length(each.value.expression)} characters of at most 2500."
    }

    precondition {
      condition     = length(each.value.name) <= 63
      error_message = "${each.value.at}: the filter's name \"${each.value.name}\" has ${length(each.value.name)} characters of at most 63; shorten one of its parts."
    }

    precondition {
      condition     = length([for f in local._filters : f if f.name == each.value.name]) == 1
      error_message = "${each.value.at}: another pipeline's filter is named \"${each.value.name}\" too; rename one of them."
    }
  }
}
