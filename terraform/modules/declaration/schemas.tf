# What is wrong with the schemas: https://docs.aws.amazon.com/personalize/latest/dg/custom-datasets-and-schemas.html, and for Domain dataset
# groups https://docs.aws.amazon.com/personalize/latest/dg/domain-datasets-and-schemas.html. datasets.json has the guide's tables.

locals {
  types   = jsondecode(file("${path.module}/datasets.json"))
  numbers = ["double", "float", "int", "long"]
  simple  = concat(["boolean", "string"], local.numbers)

  schemas = merge([
    for key, p in var.pipelines : {
      for type, d in p.datasets : "${key}/${type}" => {
        at     = "pipelines[\"${key}\"].datasets[\"${type}\"].schema"
        type   = type
        domain = p.domain
        text   = try(jsonencode(jsondecode(d.schema)), d.schema)
        avro   = try(jsondecode(d.schema), null)
      }
    }
  ]...)

  # In the schema's order; a type that is none has no name.
  fields = {
    for key, s in local.schemas : key => try([
      for f in s.avro.fields : {
        name        = try(tostring(f.name), "")
        given       = try(jsonencode(f.type), "missing")
        type        = try(one([for type in flatten([f.type]) : type if type != "null"]), "")
        null        = try(contains(f.type, "null"), false)
        categorical = try(f.categorical == true, false)
        textual     = try(f.textual == true, false)
      }
    ], [])
  }

  # Column → its field. The first counts of those that have one name.
  columns = { for key, fields in local.fields : key => { for name, same in { for f in fields : f.name => f... } : name => same[0] } }

  # A name without what does not tell it from others: capitals, underscores, spaces.
  plain_columns = { for key, columns in local.columns : key => { for name in keys(columns) : upper(replace(name, "/[_ ]/", "")) => name... } }

  # The columns that must be there, and those besides of which the guide says what they are.
  required = { for key, s in local.schemas : key => merge(local.types[s.type].required, try(local.types[s.type].domains[s.domain].required, {})) }
  reserved = { for key, s in local.schemas : key => merge(local.types[s.type].reserved, try(local.types[s.type].domains[s.domain].reserved, {})) }
  ruled    = { for key in keys(local.schemas) : key => merge(local.reserved[key], local.required[key]) }

  # Metadata of one's own; and what models learn from, where a column that a domain reserves counts.
  extra = { for key, columns in local.columns : key => [for name in keys(columns) : name if !contains(keys(local.ruled[key]), name)] }
  informing = {
    for key, columns in local.columns : key => [
      for name, f in columns : name
      if(contains(local.numbers, f.type) || f.categorical || f.textual) && !can(local.types[local.schemas[key].type].required[name]) && !can(local.types[local.schemas[key].type].reserved[name])
    ]
  }

  records = { for key, s in local.schemas : key => try(s.avro.type == "record" && length(s.avro.fields) > 0, false) }

  mistakes_in_schemas = flatten([
    for key, s in local.schemas : [
      for told in compact(
        s.avro == null ? ["not JSON; give the Avro schema as text, from file() or jsonencode()."] :
        !local.records[key] ? ["not an Avro record; it needs \"type\": \"record\" and \"fields\"."] :
        concat(
          [
            try(s.avro.name, null) == local.types[s.type].record ? "" : "its \"name\" is ${try(jsonencode(s.avro.name), "missing")}; for ${s.type} it is \"${local.types[s.type].record}\".",
            try(s.avro.namespace, null) == "com.amazonaws.personalize.schema" ? "" : "its \"namespace\" is ${try(jsonencode(s.avro.namespace), "missing")}; Personalize takes \"com.amazonaws.personalize.schema\" only.",
            # https://docs.aws.amazon.com/personalize/latest/dg/API_CreateSchema.html
            length(s.text) <= 20000 ? "" : "${length(s.text)} characters of at most 20000.",
          ],
          [
            for name, column in local.required[key] :
            "there is no column ${name}, which must be there${can(local.types[s.type].required[name]) ? "" : " in the domain ${s.domain}"}: ${column.type}${try(column.categorical, false) ? ", categorical" : ""}.${can(local.plain_columns[key][replace(name, "_", "")]) ? " There is ${local.plain_columns[key][replace(name, "_", "")][0]}: write it ${name}." : ""}"
            if !can(local.columns[key][name])
          ],
          # https://avro.apache.org/docs/1.11.1/specification/#names
          [
            for name in keys(local.columns[key]) : "a column is named \"${name}\"; names have letters, digits and underscores, and don't begin with a digit."
            if !can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))
          ],
          [
            for names in values(local.plain_columns[key]) : "the names ${join(" and ", names)} are the same to Personalize, which looks at neither capitals nor underscores; rename one."
            if length(names) > 1
          ],
          [
            for name in distinct([for f in local.fields[key] : f.name]) : "there are two columns ${name}; take one out."
            if length([for f in local.fields[key] : f if f.name == name]) > 1
          ],
          flatten([
            for name, f in local.columns[key] : !contains(local.simple, f.type) ? ["the type of ${name} is ${f.given}; it must be one of ${join(", ", local.simple)}, or a list of one of them and \"null\"."] : compact([
              f.type != "string" && (f.categorical || f.textual) ? "${name} is ${f.categorical ? "categorical" : "textual"}, and of ${f.type}; only strings can be." : "",
            ])
          ]),
          flatten([
            for name, column in local.ruled[key] : [
              for f in [local.columns[key][name]] : compact([
                f.type == column.type ? "" : "${name} must be ${column.type}, and is ${f.type}.",
                f.type == column.type && f.null && !try(column.null, false) ? "${name} takes null, and must not; make its type \"${column.type}\"." : "",
                f.type == "string" && column.type == "string" && f.categorical != try(column.categorical, false) ? "${name} must ${f.categorical ? "not be categorical; take \"categorical\" out." : "be categorical; add \"categorical\": true."}" : "",
                f.type == "string" && column.type == "string" && f.textual != try(column.textual, false) ? "${name} must ${f.textual ? "not be textual; take \"textual\" out." : "be textual; add \"textual\": true."}" : "",
              ])
            ] if can(local.columns[key][name]) && contains(local.simple, try(local.columns[key][name].type, ""))
          ]),
          [
            !local.types[s.type].informed || length(local.informing[key]) > 0 ? "" : "there is no column to learn from besides the ID; ${s.type} need one that is a number${local.types[s.type].max_textual > 0 ? ", \"categorical\": true or \"textual\": true" : " or \"categorical\": true"}, or leave the dataset out.",
            length(local.extra[key]) <= local.types[s.type].max_extra ? "" : "${length(local.extra[key])} columns of your own, and ${s.type} have at most ${local.types[s.type].max_extra}.",
            length([for f in values(local.columns[key]) : f if f.textual]) <= local.types[s.type].max_textual ? "" : "${join(", ", [for name, f in local.columns[key] : name if f.textual])} ${length([for f in values(local.columns[key]) : f if f.textual]) > 1 ? "are" : "is"} textual; ${s.type} have ${local.types[s.type].max_textual == 0 ? "no textual column" : "at most ${local.types[s.type].max_textual}"}.",
          ],
        )
      ) : "${s.at}: ${told}"
    ]
  ])
}
