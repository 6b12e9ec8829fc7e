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

    precondition {
      condition     = local._datasets[each.key].avro != null
      error_message = "${local._datasets[each.key].at}.schema: not JSON; give the Avro schema as text, from file() or jsonencode()."
    }

    precondition {
      condition     = try(local._datasets[each.key].avro.type == "record" && length(local._datasets[each.key].avro.fields) > 0, false)
      error_message = "${local._datasets[each.key].at}.schema: not an Avro record; it needs \"type\": \"record\" and \"fields\"."
    }

    precondition {
      condition     = try(local._datasets[each.key].avro.name, null) == local._record_names[local._datasets[each.key].type]
      error_message = "${local._datasets[each.key].at}.schema: its \"name\" is ${try(jsonencode(local._datasets[each.key].avro.name), "missing")}; for ${local._datasets[each.key].type} it is \"${local._record_names[local._datasets[each.key].type]}\"."
    }

    precondition {
      condition     = try(local._datasets[each.key].avro.namespace, null) == "com.amazonaws.personalize.schema"
      error_message = "${local._datasets[each.key].at}.schema: its \"namespace\" is ${try(jsonencode(local._datasets[each.key].avro.namespace), "missing")}; Personalize takes \"com.amazonaws.personalize.schema\" only."
    }

    # https://avro.apache.org/docs/1.11.1/specification/#names
    precondition {
      condition     = alltrue([for column in keys(local._columns[each.key]) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", column))])
      error_message = "${local._datasets[each.key].at}.schema: columns' names have letters, digits and underscores, and don't begin with a digit. Wrong: ${join(", ", [for column in keys(local._columns[each.key]) : column if !can(regex("^[A-Za-z_][A-Za-z0-9_]*$", column))])}."
    }

    precondition {
      condition     = alltrue([for column in keys(local._wanted_columns[each.key]) : contains(keys(local._columns[each.key]), column)])
      error_message = "${local._datasets[each.key].at}.schema: required columns are missing: ${join(", ", [for column, type in local._wanted_columns[each.key] : "${column} (${type})" if !contains(keys(local._columns[each.key]), column)])}."
    }

    precondition {
      condition     = alltrue([for column, type in local._wanted_columns[each.key] : contains(lookup(local._columns[each.key], column, [type]), type)])
      error_message = "${local._datasets[each.key].at}.schema: columns of the wrong type: ${join(", ", [for column, type in local._wanted_columns[each.key] : "${column} must be ${type}" if !contains(lookup(local._columns[each.key], column, [type]), type)])}."
    }

    precondition {
      condition     = local._datasets[each.key].type == "interactions" || length(local._columns[each.key]) > 1
      error_message = "${local._datasets[each.key].at}.schema: one column only; ${local._datasets[each.key].type} need at least one besides their id, or leave the dataset out."
    }

    precondition {
      condition     = alltrue(flatten([for types in local._columns[each.key] : [for type in types : try(contains(local._column_types, type), false)]]))
      error_message = "${local._datasets[each.key].at}.schema: a column is of ${join(", ", local._column_types)}, or of null and one of those; nothing nested. Wrong: ${join(", ", [for column, types in local._columns[each.key] : column if !alltrue([for type in types : try(contains(local._column_types, type), false)])])}."
    }

    # https://docs.aws.amazon.com/personalize/latest/dg/API_CreateSchema.html
    precondition {
      condition     = length(local._datasets[each.key].schema) <= 20000
      error_message = "${local._datasets[each.key].at}.schema: ${length(local._datasets[each.key].schema)} characters of at most 20000."
    }
  }
}
