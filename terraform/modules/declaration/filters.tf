# What is wrong with the filters, as far as their text and the schemas tell it: Personalize itself, asked by glue or by the first run, tells the rest.
# https://docs.aws.amazon.com/personalize/latest/dg/filter-expressions.html
# https://docs.aws.amazon.com/personalize/latest/dg/filter-expression-guidelines-requirements.html

locals {
  # Texts are replaced, since anything may be in them, by one that reads well where a part of an expression is shown.
  text = "\"…\""

  value      = "(?:${local.text}|-?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|\\$\\w+|\\*|CurrentItem\\s*\\.\\s*\\w+)"
  comparison = "(\\w+)\\s*\\.\\s*(\\w+)\\s*(?:(=|!=|<=|>=|<|>)\\s*(${local.value}|\\(\\s*${local.value}\\s*\\))|((?:NOT\\s+)?IN)\\s*(\\(\\s*${local.value}(?:\\s*,\\s*${local.value})*\\s*\\)|CurrentItem\\s*\\.\\s*\\w+))"

  # A dataset's names in an expression → its type.
  datasets = { interaction = "interactions", interactions = "interactions", item = "items", items = "items", user = "users", users = "users", currentuser = "users" }

  filters = merge([
    for key, p in var.pipelines : {
      for name, expression in p.filters : "${key}/${name}" => {
        at         = "pipelines[\"${key}\"].filters[\"${name}\"]"
        pipeline   = key
        expression = expression
        length     = length(expression)
        read       = replace(expression, "/\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'/", local.text)
      }
    }
  ]...)

  # Expressions between | are clauses; in each, INCLUDE or EXCLUDE, of what, WHERE, and IF.
  clauses = {
    for key, f in local.filters : key => [
      for clause in split("|", f.read) : {
        text  = trimspace(clause)
        of    = try(lower(regex("(?is)^\\s*(?:INCLUDE|EXCLUDE)\\s+(ItemID|UserID)\\s+WHERE\\s", clause)[0]), "")
        where = try(regex("(?is)^\\s*\\w+\\s+\\w+\\s+WHERE\\s(.*?)(?:\\sIF\\s.*)?$", clause)[0], "")
        only  = try(regex("(?is)\\sIF\\s(.*)$", clause)[0], null)
      }
    ]
  }

  # What AND and OR join, in both parts of all clauses.
  parts = {
    for key, clauses in local.clauses : key => flatten([
      for index, clause in clauses : [
        for place, text in { where = clause.where, only = clause.only } : [
          for part in split("\n", replace(replace("${text} ", "/\\s+/", " "), "/(?i)\\s(?:AND|OR)\\s/", "\n")) : {
            clause = index
            place  = place
            text   = trimspace(part)
            is     = try(regex("(?i)^[\\s(]*${local.comparison}[\\s)]*$", part), null)
          }
        ] if text != null
      ]
    ])
  }

  # Each comparison, with the column that it is about, if there is one.
  comparisons = {
    for key, parts in local.parts : key => [
      for part in parts : {
        clause   = part.clause
        place    = part.place
        current  = lower(part.is[0]) == "currentuser"
        dataset  = part.is[0]
        type     = try(local.datasets[lower(part.is[0])], null)
        name     = upper(part.is[1])
        shown    = "${part.is[0]}.${part.is[1]}"
        operator = upper(try(coalesce(part.is[2], part.is[4]), ""))
        values   = try(coalesce(part.is[3], part.is[5]), "")
        field    = try(local.upper_columns["${local.filters[key].pipeline}/${local.datasets[lower(part.is[0])]}"][upper(part.is[1])][0], null)
      } if part.is != null
    ]
  }

  upper_columns = { for key, columns in local.columns : key => { for name, f in columns : upper(name) => f... } }

  # What is not closed makes the rest unreadable, and is told alone.
  unclosed = {
    for key, f in local.filters : key => compact([
      length(regexall("[\"']", replace(f.read, local.text, ""))) == 0 ? "" : "a quotation mark is not closed: ${substr(try(regex("[\"'].*$", replace(replace(f.read, "/\\s+/", " "), local.text, "…")), ""), 0, 40)}",
      length(regexall("\\(", f.read)) == length(regexall("\\)", f.read)) ? "" : "of parentheses ${length(regexall("\\(", f.read))} open and ${length(regexall("\\)", f.read))} close.",
    ])
  }

  malformed = {
    for key, f in local.filters : key => length(local.unclosed[key]) > 0 ? local.unclosed[key] : concat(
      [for length in [f.length] : "${length} characters of at most 2500." if length > 2500],
      [
        for clause in local.clauses[key] : "\"${clause.text}\" is no expression; write INCLUDE or EXCLUDE, then ItemID or UserID, then WHERE and a condition: INCLUDE ItemID WHERE Items.GENRES IN (\"Drama\")."
        if clause.of == ""
      ],
      [
        for part in local.parts[key] : part.text == "" ? "a condition is missing beside AND or OR, or behind WHERE or IF." : can(regex("(?i)^[\\s(]*\\w+\\s*\\.\\s*\\w+\\s*([=!<>]|(NOT\\s+)?IN\\b)", part.text)) ? "\"${part.text}\": a value is a text in quotation marks, a number or a $placeholder, behind one of =, !=, <, <=, >, >=, or in parentheses behind IN or NOT IN." : "\"${part.text}\" is no condition; write one as Items.GENRES IN (\"Drama\") or Items.YEAR >= 2000."
        if part.is == null && local.clauses[key][part.clause].of != ""
      ],
    )
  }

  wrong_filters = flatten([
    for key, f in local.filters : [
      for told in distinct(length(local.malformed[key]) > 0 ? local.malformed[key] : compact(concat(
        [length(distinct(local.clauses[key][*].of)) == 1 ? "" : "it is about items and users; make a filter for each."],
        [
          for index, clause in local.clauses[key] : "ItemID is filtered by Interactions or by Items, and UserID by Interactions or by Users, in one expression by one of them; put | between two. There are ${join(" and ", distinct([for c in local.comparisons[key] : c.dataset if c.clause == index && c.place == "where"]))}."
          if length(distinct([for c in local.comparisons[key] : c.type if c.clause == index && c.place == "where" && !c.current])) > 1 || anytrue([for c in local.comparisons[key] : c.clause == index && c.place == "where" && !c.current && c.type == (clause.of == "itemid" ? "users" : "items")])
        ],
        [for clause in local.clauses[key] : "IF asks about CurrentUser, whom a filter of users has not; take it out." if clause.of == "userid" && clause.only != null],
        [for clause in local.clauses[key] : "IF joins conditions by AND only." if can(regex("(?i)\\sOR\\s", clause.only))],
        [for p in local.parts[key] : "$placeholders cannot be in NOT IN; use IN, with INCLUDE for EXCLUDE or the reverse." if can(regex("(?i)NOT\\s+IN\\s*\\([^)]*\\$", p.text))],
        flatten([
          for c in local.comparisons[key] : [
            c.current && c.place == "where" ? "${c.shown} can be asked for behind IF only." : "",
            !c.current && c.place == "only" ? "${c.shown} stands behind IF, which asks about CurrentUser only." : "",
            c.type == null ? "${c.shown}: there is no dataset ${c.dataset}; write Interactions, Items, Users or CurrentUser." :
            !contains(keys(var.pipelines[f.pipeline].datasets), c.type) ? "${c.shown} needs a dataset of ${c.type}, and the pipeline has ${join(" and ", keys(var.pipelines[f.pipeline].datasets))} only." :
            length(local.columns["${f.pipeline}/${c.type}"]) == 0 ? "" :
            c.field == null ? "${c.shown}: the schema of ${c.type} has no column ${c.name}; it has ${join(", ", keys(local.columns["${f.pipeline}/${c.type}"]))}." :
            c.type == "interactions" && c.name != "EVENT_TYPE" ? "${c.shown}: interactions can be filtered by EVENT_TYPE only." :
            c.field.textual ? "${c.shown} is textual, and cannot be filtered by." :
            c.field.type == "boolean" ? "${c.shown} is a boolean, and cannot be filtered by; make it a string, or a number of 0 and 1." :
            c.field.type == "string" && contains(["<", "<=", ">", ">="], c.operator) ? "${c.shown} is a string, which ${c.operator} cannot compare." :
            c.type != "interactions" && c.values == "(*)" ? "${c.shown}: * stands for all values of Interactions.EVENT_TYPE only." : "",
          ]
        ]),
        flatten([
          for c in local.comparisons[key] : [
            for name in flatten(regexall("(?i)CurrentItem\\s*\\.\\s*(\\w+)", c.values)) : "CurrentItem.${name}: ${can(local.columns["${f.pipeline}/items"]) ? "the schema of items has no column ${upper(name)}; it has ${join(", ", keys(local.columns["${f.pipeline}/items"]))}" : "the pipeline has no dataset of items"}."
            if !can(local.upper_columns["${f.pipeline}/items"][upper(name)])
          ]
        ]),
        # As many values, of such names, as GetRecommendations takes: https://docs.aws.amazon.com/personalize/latest/dg/API_RS_GetRecommendations.html
        [for names in [distinct(flatten(regexall("\\$(\\w+)", f.read)))] : "${length(names)} $placeholders of at most 25." if length(names) > 25],
        [for name in distinct(flatten(regexall("\\$(\\w+)", f.read))) : "the placeholder ${name} has ${length(name)} characters of at most 50." if length(name) > 50],
        [length(distinct([for c in local.comparisons[key] : "${coalesce(c.type, "-")}.${c.name}"])) <= 10 ? "" : "${length(distinct([for c in local.comparisons[key] : "${coalesce(c.type, "-")}.${c.name}"]))} columns of at most 10."],
      ))) : "${f.at}: ${told}"
    ]
  ])

  # https://docs.aws.amazon.com/personalize/latest/dg/limits.html
  filtered_columns = { for key, comparisons in local.comparisons : local.filters[key].pipeline => [for c in comparisons : "${coalesce(c.type, c.dataset)}.${c.name}"]... }
  crowds = [
    for pipeline, columns in local.filtered_columns : "pipelines[\"${pipeline}\"].filters: ${length(distinct(flatten(columns)))} columns in all filters together, of at most 20."
    if length(distinct(flatten(columns))) > 20
  ]

  mistakes_in_filters = concat(local.wrong_filters, local.crowds)
}
