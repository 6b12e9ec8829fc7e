locals {
  # A schema belongs to a domain, too.
  _schema_hashes = { for key, d in local._datasets : key => substr(sha256("${d.domain == null ? "" : d.domain}${d.schema}"), 0, 8) }
  _schema_keys   = { for key in keys(local._datasets) : key => "${key}/${local._schema_hashes[key]}" }

  # What Personalize asks of a schema, by dataset type: https://docs.aws.amazon.com/personalize/latest/dg/custom-datasets-and-schemas.html
  _record_names = { interactions = "Interactions", items = "Items", users = "Users" }

  _required_columns = {
    interactions = { USER_ID = "string", ITEM_ID = "string", TIMESTAMP = "long" }
    items        = { ITEM_ID = "string" }
    users        = { USER_ID = "string" }
  }

  # And what a Domain dataset group asks on top: https://docs.aws.amazon.com/personalize/latest/dg/domain-datasets-and-schemas.html
  _required_domain_columns = {
    ECOMMERCE = {
      interactions = { EVENT_TYPE = "string" }
      items        = { PRICE = "float", CATEGORY_L1 = "string" }
    }
    VIDEO_ON_DEMAND = {
      interactions = { EVENT_TYPE = "string" }
      items        = { CREATION_TIMESTAMP = "long", GENRES = "string" }
    }
  }

  _wanted_columns = {
    for key, d in local._datasets : key => merge(
      local._required_columns[d.type],
      try(local._required_domain_columns[d.domain][d.type], {})
    )
  }

  # Column → its types, as a list: Avro spells an optional column ["null", "string"].
  _columns = {
    for key, d in local._datasets : key => try({ for field in d.avro.fields : field.name => flatten([field.type]) }, {})
  }

  _column_types = ["boolean", "double", "float", "int", "long", "null", "string"]
}

# Key and name carry a hash of the content: a changed schema is made beside the old one, the dataset moves to it, and then the
# old one goes. Where Personalize refuses the new schema, the old one is still there to go back to. No tags: a change of one
# would replace the schema.
resource "aws_cloudcontrolapi_resource" "schema" {
  for_each  = { for key, d in local._datasets : local._schema_keys[key] => merge(d, { key = key }) }
  type_name = "AWS::Personalize::Schema"
  desired_state = jsonencode({
    for property, value in {
      Name   = "${each.value.name}-${local._schema_hashes[each.value.key]}"
      Domain = each.value.domain
      Schema = each.value.schema
    } : property => value if value != null
  })

  lifecycle {
    create_before_destroy = true

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
      condition     = alltrue([for column in keys(local._wanted_columns[each.value.key]) : contains(keys(local._columns[each.value.key]), column)])
      error_message = "${each.value.at}.schema: required columns are missing: ${join(", ", [for column, type in local._wanted_columns[each.value.key] : "${column} (${type})" if !contains(keys(local._columns[each.value.key]), column)])}."
    }

    precondition {
      condition     = alltrue([for column, type in local._wanted_columns[each.value.key] : contains(lookup(local._columns[each.value.key], column, [type]), type)])
      error_message = "${each.value.at}.schema: columns of the wrong type: ${join(", ", [for column, type in local._wanted_columns[each.value.key] : "${column} must be ${type}" if !contains(lookup(local._columns[each.value.key], column, [type]), type)])}."
    }

    precondition {
      condition     = each.value.type == "interactions" || length(local._columns[each.value.key]) > 1
      error_message = "${each.value.at}.schema: one column only; ${each.value.type} need at least one besides their id, or leave the dataset out."
    }

    precondition {
      condition     = alltrue(flatten([for types in local._columns[each.value.key] : [for type in types : try(contains(local._column_types, type), false)]]))
      error_message = "${each.value.at}.schema: a column is of ${join(", ", local._column_types)}, or of null and one of those; nothing nested. Wrong: ${join(", ", [for column, types in local._columns[each.value.key] : column if !alltrue([for type in types : try(contains(local._column_types, type), false)])])}."
    }

    # CloudFormation's limit; Personalize's own is twice that.
    precondition {
      condition     = length(each.value.schema) <= 10000
      error_message = "${each.value.at}.schema: ${length(each.value.schema)} characters of at most 10000."
    }
  }
}
