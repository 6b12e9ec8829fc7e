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

  # Column → its types, as a list: Avro spells an optional column ["null", "string"].
  _columns = {
    for key, d in local._datasets : key => try({ for field in d.avro.fields : field.name => flatten([field.type]) }, {})
  }
}
