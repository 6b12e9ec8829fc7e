# Datasets, each with its schema, are glue's: CloudFormation would replace a dataset, and lose its data, to give it a new schema.

resource "aws_lambda_invocation" "dataset" {
  for_each        = local._keys.datasets
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input           = jsonencode(merge(local._wanted_datasets[each.key], local._protection))

  depends_on = [local._after_dataset_groups]

  lifecycle {
    precondition {
      condition     = can(regex("^[^/].*/$", local._datasets[each.key].prefix))
      error_message = "${local._datasets[each.key].at}.prefix: \"${local._datasets[each.key].prefix}\" must end in a slash and not begin with one; Personalize then imports the files directly under it."
    }

    # https://docs.aws.amazon.com/personalize/latest/dg/API_DataSource.html
    precondition {
      condition     = length("s3://${local._bucket}/${local._datasets[each.key].prefix}") <= 256
      error_message = "${local._datasets[each.key].at}.prefix: s3://${local._bucket}/${local._datasets[each.key].prefix} has ${length("s3://${local._bucket}/${local._datasets[each.key].prefix}")} characters, and Personalize takes at most 256; shorten it."
    }

    precondition {
      condition     = length(try(local._crowded_prefixes[local._datasets[each.key].prefix], [])) == 0
      error_message = "${local._datasets[each.key].at}.prefix: \"${local._datasets[each.key].prefix}\" also holds the files of ${join(", ", distinct([for at in try(local._crowded_prefixes[local._datasets[each.key].prefix], []) : at if at != local._datasets[each.key].at]))}; give each dataset a prefix of its own."
    }
  }
}
