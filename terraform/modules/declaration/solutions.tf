# What is wrong with the solutions, as far as it is a matter of their own fields, their recipes' hyperparameters and the schemas' columns.
# https://docs.aws.amazon.com/personalize/latest/dg/customizing-solution-config-hpo.html and the recipes' pages: hyperparameters.json has their tables.
# "Provide a hyperparameter that is used in the algorithm" is what CreateSolution answers to another name:
# https://github.com/aws-samples/amazon-personalize-samples/issues/156

locals {
  hyperparameters = jsondecode(file("${path.module}/hyperparameters.json"))

  # What a campaign may explore with: https://docs.aws.amazon.com/personalize/latest/dg/API_CampaignConfig.html
  exploration = {
    explorationWeight        = { min = 0, max = 1 }
    explorationItemAgeCutOff = { min = 1, max = 1000000 }
  }

  solutions = merge([
    for key, p in var.pipelines : {
      for name, s in p.solutions : "${key}/${name}" => {
        at       = "pipelines[\"${key}\"].solutions[\"${name}\"]"
        pipeline = key
        recipe   = reverse(split("recipe/", s.recipe))[0]
        known    = try(local.hyperparameters[reverse(split("recipe/", s.recipe))[0]], null)
        its      = s
        config   = s.solution_config
        ranges   = try(s.solution_config.hpo_config.algorithm_hyper_parameter_ranges, null)
        items    = try(local.columns["${key}/items"], null)
      }
    }
  ]...)

  # Values by name, where they stand, and the rules of those that can stand there. A recipe that is none is told of elsewhere.
  given_values = flatten([
    for key, s in local.solutions : [
      for at, values in {
        hyperparameters = {
          of = s.recipe, values = s.its.hyperparameters, rules = s.known
        }
        # The guide lists them among the hyperparameters; the API has a place of its own for them, where it shows the first two by other names:
        # https://github.com/boto/boto3/issues/3514
        "solution_config.feature_transformation_parameters" = {
          of     = "the preparation of ${s.recipe}"
          values = try(coalesce(s.config.feature_transformation_parameters), {})
          rules  = s.known == null ? null : merge([for name, rule in s.known : { (name) = rule, (replace(name, "user_history", "hist")) = rule } if rule.of == "features"]...)
        }
        "campaign.config.item_exploration_config" = {
          of = "itemExplorationConfig", values = try(coalesce(s.its.campaign.config.item_exploration_config), {}), rules = local.exploration
        }
        } : [
        for name, value in values.values : {
          at = "${s.at}.${at}.${name}", of = values.of, name = name, value = value, rule = try(values.rules[name], null), rules = values.rules
        }
      ] if values.rules != null
    ]
  ])

  mistakes_in_values = [
    for v in local.given_values :
    v.rule == null ? "${v.at}: ${v.of} has no ${v.name}; ${length(v.rules) == 0 ? "it takes none" : "it takes ${join(", ", keys(v.rules))}"}." :
    can(v.rule.values) ? "${v.at}: \"${v.value}\"; choose one of ${join(", ", v.rule.values)}." :
    "${v.at}: \"${v.value}\"; it must be a ${try(v.rule.whole, false) ? "whole " : ""}number from ${v.rule.min} to ${v.rule.max}."
    if !try(contains(v.rule.values, lower(v.value)), tonumber(v.value) >= v.rule.min && tonumber(v.value) <= v.rule.max && (!try(v.rule.whole, false) || floor(tonumber(v.value)) == tonumber(v.value)), false)
  ]

  # Ranges to search, by their kind.
  given_ranges = flatten([
    for key, s in local.solutions : [
      for kind, ranges in {
        categorical = try(coalesce(s.ranges.categorical_hyper_parameter_ranges), [])
        continuous  = try(coalesce(s.ranges.continuous_hyper_parameter_ranges), [])
        integer     = try(coalesce(s.ranges.integer_hyper_parameter_ranges), [])
        } : [
        for index, range in ranges : {
          at      = "${s.at}.solution_config.hpo_config.algorithm_hyper_parameter_ranges.${kind}_hyper_parameter_ranges[${index}]"
          recipe  = s.recipe
          kind    = kind
          name    = range.name
          min     = try(range.min_value, null)
          max     = try(range.max_value, null)
          values  = try(range.values, null)
          rule    = try(s.known[range.name], null)
          tunable = [for name, rule in s.known : name if try(rule.tunable, false)]
        }
      ]
    ] if s.known != null
  ])

  mistakes_in_ranges = [
    for r in local.given_ranges : "${r.at}: ${
      !try(r.rule.tunable, false) ? "${r.recipe} cannot search for \"${r.name}\"; ${length(r.tunable) == 0 ? "nothing of it can be searched for" : "it can for ${join(", ", r.tunable)}"}" :
      r.kind != (can(r.rule.values) ? "categorical" : try(r.rule.whole, false) ? "integer" : "continuous") ? "${r.name} stands in ${can(r.rule.values) ? "categorical" : try(r.rule.whole, false) ? "integer" : "continuous"}_hyper_parameter_ranges" :
      can(r.rule.values) ? "the values of ${r.name} are ${join(", ", r.rule.values)}; not ${join(", ", [for value in coalesce(r.values, []) : value if !contains(r.rule.values, lower(value))])}" :
      "from ${r.min} to ${r.max}; ${r.name} is from ${r.rule.min} to ${r.rule.max}, min_value at most max_value"
    }."
    if !try(
      r.rule.tunable && r.kind == (can(r.rule.values) ? "categorical" : try(r.rule.whole, false) ? "integer" : "continuous") && (
        r.kind == "categorical" ? length([for value in r.values : value if !contains(r.rule.values, lower(value))]) == 0 : r.min >= r.rule.min && r.max <= r.rule.max && r.min <= r.max
      ), false
    )
  ]

  # Columns that are kept from training, or kept for it, by dataset.
  chosen_columns = flatten([
    for key, s in local.solutions : [
      for field, datasets in {
        excluded_dataset_columns = try(coalesce(s.config.training_data_config.excluded_dataset_columns), {})
        included_dataset_columns = try(coalesce(s.config.training_data_config.included_dataset_columns), {})
        } : [
        for dataset, columns in datasets : {
          at      = "${s.at}.solution_config.training_data_config.${field}.${dataset}"
          dataset = lower(dataset)
          has     = try(keys(local.columns["${s.pipeline}/${lower(dataset)}"]), null)
          types   = keys(var.pipelines[s.pipeline].datasets)
          unknown = [for column in columns : column if !can(local.columns["${s.pipeline}/${lower(dataset)}"][column])]
          needed  = [for column in columns : column if field == "excluded_dataset_columns" && can(local.types[lower(dataset)].required[column])]
        }
      ]
    ]
  ])

  mistakes_in_columns = [
    for c in local.chosen_columns :
    c.has == null ? "${c.at}: the pipeline has no dataset of that type; it has ${join(", ", c.types)}." :
    length(c.unknown) > 0 ? "${c.at}: the schema has no ${join(", ", c.unknown)}; it has ${join(", ", c.has)}." :
    "${c.at}: nothing can be trained without ${join(", ", c.needed)}; take it out."
    if c.has == null || length(c.unknown) + length(c.needed) > 0
  ]

  # https://docs.aws.amazon.com/personalize/latest/dg/API_HPOResourceConfig.html
  jobs = { max_number_of_training_jobs = 40, max_parallel_training_jobs = 10 }

  mistakes_in_settings = flatten([
    for key, s in local.solutions : compact(concat(
      [
        for field, most in local.jobs : "${s.at}.solution_config.hpo_config.hpo_resource_config.${field}: \"${s.config.hpo_config.hpo_resource_config[field]}\"; it must be a whole number from 1 to ${most}."
        if try(s.config.hpo_config.hpo_resource_config[field], null) != null && !try(contains(range(1, most + 1), tonumber(s.config.hpo_config.hpo_resource_config[field])), false)
      ],
      [
        s.config.event_value_threshold == null || can(tonumber(s.config.event_value_threshold)) ? "" : "${s.at}.solution_config.event_value_threshold: \"${s.config.event_value_threshold}\" is no number.",
        try(floor(s.its.campaign.min_provisioned_tps) == s.its.campaign.min_provisioned_tps, true) ? "" : "${s.at}.campaign.min_provisioned_tps: ${s.its.campaign.min_provisioned_tps} is no whole number.",
        try(length(s.config.training_data_config.excluded_dataset_columns) * length(s.config.training_data_config.included_dataset_columns), 0) == 0 ? "" : "${s.at}.solution_config.training_data_config: excluded_dataset_columns or included_dataset_columns, not both.",
        # https://docs.aws.amazon.com/personalize/latest/dg/optimizing-solution-for-objective.html
        try(s.config.optimization_objective.item_attribute, null) == null ? "" :
        s.items == null ? "${s.at}.solution_config.optimization_objective.item_attribute: it is a column of the items, and the pipeline has no dataset of items." :
        !can(s.items[s.config.optimization_objective.item_attribute]) ? "${s.at}.solution_config.optimization_objective.item_attribute: the schema of the items has no ${s.config.optimization_objective.item_attribute}; it has ${join(", ", keys(s.items))}." :
        !contains(local.numbers, s.items[s.config.optimization_objective.item_attribute].type) || s.items[s.config.optimization_objective.item_attribute].null ? "${s.at}.solution_config.optimization_objective.item_attribute: ${s.config.optimization_objective.item_attribute} must be a number that cannot be null, and is ${s.items[s.config.optimization_objective.item_attribute].given}." : "",
      ],
    ))
  ])

  mistakes_in_solutions = concat(local.mistakes_in_values, local.mistakes_in_ranges, local.mistakes_in_columns, local.mistakes_in_settings)
}
