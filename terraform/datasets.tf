# Datasets, each with its schema, are glue's: CloudFormation would replace a dataset, and lose its data, to give it a new schema.

resource "aws_lambda_invocation" "dataset" {
  for_each        = local._datasets
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input           = jsonencode(merge(local._wanted_datasets[each.key], local._protection))

  depends_on = [aws_lambda_invocation.dataset_group]

  lifecycle {
    precondition {
      condition     = can(regex("^[^/].*/$", each.value.prefix))
      error_message = "${each.value.at}.prefix: \"${each.value.prefix}\" must end in a slash and not begin with one; Personalize then imports the files directly under it."
    }

    precondition {
      condition     = length(lookup(local._crowded_prefixes, each.value.prefix, [])) == 0
      error_message = "${each.value.at}.prefix: \"${each.value.prefix}\" also holds the files of ${join(", ", distinct([for at in lookup(local._crowded_prefixes, each.value.prefix, []) : at if at != each.value.at]))}; give each dataset a prefix of its own."
    }

    precondition {
      condition     = each.value.avro != null
      error_message = "${each.value.at}.schema: not JSON; give the Avro schema as text, from file() or jsonencode()."
    }

    precondition {
      condition     = try(each.value.avro.type == "record" && length(each.value.avro.fields) > 0, false)
      error_message = "${each.value.at}.schema: not an Avro record; it needs \"type\": \"record\" and \"fields\"."
    }

    precondition {
      condition     = try(each.value.avro.name, null) == local._record_names[each.value.type]
      error_message = "${each.value.at}.schema: its \"name\" is ${try(jsonencode(each.value.avro.name), "missing")}; for ${each.value.type} it is \"${local._record_names[each.value.type]}\"."
    }

    precondition {
      condition     = try(each.value.avro.namespace, null) == "com.amazonaws.personalize.schema"
      error_message = "${each.value.at}.schema: its \"namespace\" is ${try(jsonencode(each.value.avro.namespace), "missing")}; Personalize takes \"com.amazonaws.personalize.schema\" only."
    }

    precondition {
      condition     = alltrue([for column in keys(local._wanted_columns[each.key]) : contains(keys(local._columns[each.key]), column)])
      error_message = "${each.value.at}.schema: required columns are missing: ${join(", ", [for column, type in local._wanted_columns[each.key] : "${column} (${type})" if !contains(keys(local._columns[each.key]), column)])}."
    }

    precondition {
      condition     = alltrue([for column, type in local._wanted_columns[each.key] : contains(lookup(local._columns[each.key], column, [type]), type)])
      error_message = "${each.value.at}.schema: columns of the wrong type: ${join(", ", [for column, type in local._wanted_columns[each.key] : "${column} must be ${type}" if !contains(lookup(local._columns[each.key], column, [type]), type)])}."
    }

    precondition {
      condition     = each.value.type == "interactions" || length(local._columns[each.key]) > 1
      error_message = "${each.value.at}.schema: one column only; ${each.value.type} need at least one besides their id, or leave the dataset out."
    }

    precondition {
      condition     = alltrue(flatten([for types in local._columns[each.key] : [for type in types : try(contains(local._column_types, type), false)]]))
      error_message = "${each.value.at}.schema: a column is of ${join(", ", local._column_types)}, or of null and one of those; nothing nested. Wrong: ${join(", ", [for column, types in local._columns[each.key] : column if !alltrue([for type in types : try(contains(local._column_types, type), false)])])}."
    }

    # https://docs.aws.amazon.com/personalize/latest/dg/API_CreateSchema.html
    precondition {
      condition     = length(each.value.schema) <= 20000
      error_message = "${each.value.at}.schema: ${length(each.value.schema)} characters of at most 20000."
    }
  }
}
