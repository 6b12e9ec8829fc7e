locals {
  # A schema belongs to a domain, too.
  _schema_hashes = { for key, d in local._datasets : key => substr(sha256("${d.domain == null ? "" : d.domain}${d.schema}"), 0, 8) }

  # CreateSchema's parameters. A changed schema is another one, made beside the old one: the name carries a hash of its content.
  _schemas = {
    for key, d in local._datasets : key => {
      for parameter, value in {
        name   = "${d.name}-${local._schema_hashes[key]}"
        domain = d.domain
        schema = d.schema
      } : parameter => value if value != null
    }
  }

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
