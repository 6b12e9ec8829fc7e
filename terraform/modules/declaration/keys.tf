# Keys that nobody reads are told of: Terraform's object types drop them, and what was meant would be left at its default.

locals {
  # What each object of a declaration takes: the fields of the type of `pipelines`.
  known = {
    pipeline               = ["domain", "datasets", "event_tracker", "filters", "solutions", "schedules", "retrain_on_upload", "deadlines"]
    dataset                = ["schema", "prefix"]
    solution               = ["recipe", "event_type", "hyperparameters", "perform_hpo", "auto_training", "perform_incremental_update", "solution_config", "campaign"]
    solution_config        = ["auto_training_config", "event_value_threshold", "events_config", "feature_transformation_parameters", "hpo_config", "optimization_objective", "training_data_config"]
    auto_training_config   = ["scheduling_expression"]
    events_config          = ["event_parameters_list"]
    event_parameters       = ["event_type", "event_value_threshold", "weight"]
    hpo_config             = ["algorithm_hyper_parameter_ranges", "hpo_objective", "hpo_resource_config"]
    ranges                 = ["categorical_hyper_parameter_ranges", "continuous_hyper_parameter_ranges", "integer_hyper_parameter_ranges"]
    categories             = ["name", "values"]
    range                  = ["name", "min_value", "max_value"]
    hpo_objective          = ["metric_name", "metric_regex", "type"]
    hpo_resource_config    = ["max_number_of_training_jobs", "max_parallel_training_jobs"]
    optimization_objective = ["item_attribute", "objective_sensitivity"]
    training_data_config   = ["excluded_dataset_columns", "included_dataset_columns"]
    campaign               = ["name", "adopt", "min_provisioned_tps", "config"]
    campaign_config        = ["enable_metadata_with_recommendations", "item_exploration_config", "ranking_influence"]
    schedule               = ["expression", "timezone", "what", "solutions", "training_mode", "force", "enabled"]
    retrain_on_upload      = ["enabled", "settle_seconds"]
    deadlines              = ["import_hours", "train_hours", "deploy_hours", "stop_training"]
  }

  # Every object that was given: of what kind, where, and its keys. What is left out, null or of another type has none here: Terraform
  # itself tells of a wrong type.
  objects = flatten([
    for key, p in var.given : [
      for at in ["pipelines[\"${key}\"]"] : [
        { kind = "pipeline", at = at, keys = try(keys(p), []) },
        { kind = "retrain_on_upload", at = "${at}.retrain_on_upload", keys = try(keys(p.retrain_on_upload), []) },
        { kind = "deadlines", at = "${at}.deadlines", keys = try(keys(p.deadlines), []) },
        try([for type, d in p.datasets : { kind = "dataset", at = "${at}.datasets[\"${type}\"]", keys = try(keys(d), []) }], []),
        try([for name, s in p.schedules : { kind = "schedule", at = "${at}.schedules[\"${name}\"]", keys = try(keys(s), []) }], []),
        try([
          for name, s in p.solutions : [
            for at in ["${at}.solutions[\"${name}\"]"] : [
              { kind = "solution", at = at, keys = try(keys(s), []) },
              { kind = "campaign", at = "${at}.campaign", keys = try(keys(s.campaign), []) },
              { kind = "campaign_config", at = "${at}.campaign.config", keys = try(keys(s.campaign.config), []) },
              { kind = "solution_config", at = "${at}.solution_config", keys = try(keys(s.solution_config), []) },
              try([
                for at in ["${at}.solution_config"] : [
                  for c in [s.solution_config] : [
                    { kind = "auto_training_config", at = "${at}.auto_training_config", keys = try(keys(c.auto_training_config), []) },
                    { kind = "events_config", at = "${at}.events_config", keys = try(keys(c.events_config), []) },
                    { kind = "optimization_objective", at = "${at}.optimization_objective", keys = try(keys(c.optimization_objective), []) },
                    { kind = "training_data_config", at = "${at}.training_data_config", keys = try(keys(c.training_data_config), []) },
                    { kind = "hpo_config", at = "${at}.hpo_config", keys = try(keys(c.hpo_config), []) },
                    { kind = "hpo_objective", at = "${at}.hpo_config.hpo_objective", keys = try(keys(c.hpo_config.hpo_objective), []) },
                    { kind = "hpo_resource_config", at = "${at}.hpo_config.hpo_resource_config", keys = try(keys(c.hpo_config.hpo_resource_config), []) },
                    { kind = "ranges", at = "${at}.hpo_config.algorithm_hyper_parameter_ranges", keys = try(keys(c.hpo_config.algorithm_hyper_parameter_ranges), []) },
                    try([
                      for index, each in c.events_config.event_parameters_list :
                      { kind = "event_parameters", at = "${at}.events_config.event_parameters_list[${index}]", keys = try(keys(each), []) }
                    ], []),
                    try([
                      for kind, list in c.hpo_config.algorithm_hyper_parameter_ranges : [
                        for index, each in list :
                        { kind = startswith(kind, "categorical") ? "categories" : "range", at = "${at}.hpo_config.algorithm_hyper_parameter_ranges.${kind}[${index}]", keys = try(keys(each), []) }
                      ]
                    ], []),
                  ]
                ]
              ], []),
            ]
          ]
        ], []),
      ]
    ]
  ])

  strangers = flatten([
    for o in local.objects : [for key in setsubtract(o.keys, local.known[o.kind]) : { at = o.at, kind = o.kind, key = key }]
  ])

  # Two words are alike that are the same but for capitals and underscores, after one letter is taken out of either, or of both.
  words = toset(concat(flatten(values(local.known)), [for s in local.strangers : s.key]))
  plain = { for word in local.words : word => replace(lower(word), "/[^a-z0-9]/", "") }
  shorter = {
    for word, plain in local.plain : word => concat([plain], [for i in range(length(plain)) : "${substr(plain, 0, i)}${substr(plain, i + 1, -1)}"])
    if length(local.strangers) > 0
  }

  alike = [
    for s in local.strangers : concat(
      [for key in local.known[s.kind] : key if local.plain[key] == local.plain[s.key]],
      [for key in local.known[s.kind] : key if length(setintersection(local.shorter[key], local.shorter[s.key])) > 0],
      flatten([for kind, keys in local.known : [for key in keys : "${key}, in ${kind}" if local.plain[key] == local.plain[s.key]]]),
    )
  ]

  unknown = [
    for index, s in local.strangers :
    "${s.at}: there is no \"${s.key}\" here${length(local.alike[index]) > 0 ? "; did you mean ${local.alike[index][0]}?" : "."} It takes ${join(", ", local.known[s.kind])}."
  ]
}
