# Dataset groups, event trackers and filters, which glue makes, takes over and removes. Each of the calls here can be interrupted at any
# moment, and is asked for again: what is there already is taken over.

# With a key, the role must be able to use it. Whatever glue needs must be there before it is called, and still be there when it is
# called to delete; all else of a pipeline depends on its group.
resource "aws_lambda_invocation" "dataset_group" {
  for_each        = local._keys.pipelines
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input           = jsonencode(merge(local._wanted_groups[each.key], local._protection))

  depends_on = [module.glue, aws_dynamodb_table.ledger, aws_iam_role_policy.service]
}

# Personalize refuses to delete a dataset that a tracker still feeds.
resource "aws_lambda_invocation" "event_tracker" {
  for_each        = local._keys.event_trackers
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input           = jsonencode(merge(local._wanted_trackers[each.key], local._protection))

  depends_on = [local._after_datasets]
}

# An expression names datasets and their columns. Made here where there is data, else by the first run. Nothing but the guard waits for
# it: one that is refused, or takes its time, holds up neither solutions nor runs.
resource "aws_lambda_invocation" "filter" {
  for_each        = local._keys.filters
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input           = jsonencode(merge(local._wanted_filters[each.key], local._protection))

  depends_on = [local._after_datasets]

  lifecycle {
    precondition {
      condition     = length(local._filters[each.key].full_name) <= 63
      error_message = "${local._filters[each.key].at}: the filter's name \"${local._filters[each.key].full_name}\" has ${length(local._filters[each.key].full_name)} characters of at most 63; shorten one of its parts."
    }

    precondition {
      condition     = length(local._filter_names[local._filters[each.key].full_name]) == 1
      error_message = "${local._filters[each.key].at}: another pipeline's filter is named \"${local._filters[each.key].full_name}\" too; rename one of them."
    }
  }
}
