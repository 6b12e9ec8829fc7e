# Solutions are glue's: CloudFormation cannot turn their automatic training off.

# It waits for no filter, which takes minutes where there is data, and may be refused. No filter can go while a campaign is there: when all is
# destroyed, glue waits with the one until the other is gone.
resource "aws_lambda_invocation" "solution" {
  for_each        = local._keys.solutions
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input           = jsonencode(merge(local._wanted_solutions[each.key], local._protection))

  depends_on = [local._after_event_trackers]

  lifecycle {
    precondition {
      condition     = contains(keys(local._recipes), local._solutions[each.key].recipe)
      error_message = "${local._solutions[each.key].at}.recipe: ${contains(local._domain_recipes, local._solutions[each.key].recipe) ? "${local._solutions[each.key].recipe} makes recommenders, not solutions" : "there is no recipe \"${local._solutions[each.key].recipe}\""}; choose one of ${join(", ", [for name, recipe in local._recipes : name if length(setsubtract(recipe.needs, ["items", "users"])) == 0])}."
    }

    precondition {
      condition     = length(setsubtract(try(local._recipes[local._solutions[each.key].recipe].needs, []), keys(local._pipelines[local._solutions[each.key].pipeline].datasets))) == 0
      error_message = "${local._solutions[each.key].at}.recipe: ${local._solutions[each.key].recipe} cannot be trained without these datasets: ${join(", ", try(local._recipes[local._solutions[each.key].recipe].needs, []))}."
    }

    precondition {
      condition     = local._not_taken[each.key] == null
      error_message = "${local._solutions[each.key].at}.${try(local._settings_of_recipes[each.key][local._not_taken[each.key]], "")}: ${local._solutions[each.key].recipe} does not take it; take it out. It is for ${join(", ", [for name, recipe in local._recipes : name if try(contains(recipe.takes, local._not_taken[each.key]), false)])}."
    }

    precondition {
      condition     = local._solutions[each.key].campaign == null || !try(local._recipes[local._solutions[each.key].recipe].segments, false)
      error_message = "${local._solutions[each.key].at}.campaign: ${local._solutions[each.key].recipe} makes segments in batches and cannot be served; leave the campaign out."
    }

    precondition {
      condition     = try(local._solutions[each.key].campaign.min_provisioned_tps >= 1, true)
      error_message = "${local._solutions[each.key].at}.campaign.min_provisioned_tps: at least 1."
    }

    precondition {
      condition     = local._solutions[each.key].campaign_name == null ? true : length(local._campaign_keys[local._solutions[each.key].campaign_name]) == 1
      error_message = "${local._solutions[each.key].at}.campaign.name: \"${coalesce(local._solutions[each.key].campaign_name, "-")}\" is also the campaign of ${join(", ", [for key in try(local._campaign_keys[local._solutions[each.key].campaign_name], []) : local._solutions[key].at if key != each.key])}; a campaign's name is unique in an account and region."
    }

    precondition {
      condition     = local._solutions[each.key].campaign_name == null ? true : can(regex("^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$", local._solutions[each.key].campaign_name))
      error_message = "${local._solutions[each.key].at}.campaign.name: \"${coalesce(local._solutions[each.key].campaign_name, "-")}\" must have 1 to 63 letters, digits, hyphens and underscores."
    }

    precondition {
      condition     = alltrue([for weight in values(try(coalesce(local._solutions[each.key].campaign.config.ranking_influence, {}), {})) : weight >= 0 && weight <= 1])
      error_message = "${local._solutions[each.key].at}.campaign.config.ranking_influence: a weight is 0 to 1."
    }

    precondition {
      condition     = length(setsubtract(keys(try(coalesce(local._solutions[each.key].campaign.config.ranking_influence, {}), {})), ["FRESHNESS", "POPULARITY"])) == 0
      error_message = "${local._solutions[each.key].at}.campaign.config.ranking_influence: what influences a ranking is FRESHNESS or POPULARITY."
    }

    # https://docs.amazonaws.cn/en_us/aws/latest/userguide/personalize.html
    precondition {
      condition     = local._region != "cn-north-1" || try(local._solutions[each.key].campaign.config.enable_metadata_with_recommendations, false) != true
      error_message = "${local._solutions[each.key].at}.campaign.config.enable_metadata_with_recommendations: the region cn-north-1 has no metadata with recommendations."
    }

    # A solution's own name ends in a hyphen and a hash of eight digits.
    precondition {
      condition     = length(local._solutions[each.key].name) + 9 <= 63
      error_message = "${local._solutions[each.key].at}: the solution's name \"${local._solutions[each.key].name}-<hash>\" has ${length(local._solutions[each.key].name) + 9} characters of at most 63; shorten one of its parts."
    }

    precondition {
      condition     = length(local._solution_names[local._solutions[each.key].name]) == 1
      error_message = "${local._solutions[each.key].at}: another pipeline's solution is named \"${local._solutions[each.key].name}\" too; rename one of them."
    }

    precondition {
      condition     = try(length(local._solutions[each.key].event_type) > 0 && length(local._solutions[each.key].event_type) <= 256, local._solutions[each.key].event_type == null)
      error_message = "${local._solutions[each.key].at}.event_type: 1 to 256 characters; leave it out to train on all events."
    }

    precondition {
      condition = contains(keys(local._columns["${local._solutions[each.key].pipeline}/interactions"]), "EVENT_TYPE") || alltrue([
        local._solutions[each.key].event_type == null, local._solutions[each.key].solution_config.events_config == null
      ])
      error_message = "${local._solutions[each.key].at}.${local._solutions[each.key].event_type == null ? "solution_config.events_config" : "event_type"}: the schema of the interactions has no column EVENT_TYPE to choose by."
    }

    precondition {
      condition = local._solutions[each.key].solution_config.event_value_threshold == null || alltrue([
        contains(keys(local._columns["${local._solutions[each.key].pipeline}/interactions"]), "EVENT_VALUE"), local._solutions[each.key].event_type != null
      ])
      error_message = "${local._solutions[each.key].at}.solution_config.event_value_threshold: needs event_type, and a column EVENT_VALUE in the schema of the interactions."
    }

    precondition {
      condition = local._solutions[each.key].solution_config.auto_training_config == null ? true : local._solutions[each.key].auto_training && can(
        regex("^rate\\(([1-9]|[12][0-9]|30) days?\\)$", local._solutions[each.key].solution_config.auto_training_config.scheduling_expression)
      )
      error_message = "${local._solutions[each.key].at}.solution_config.auto_training_config.scheduling_expression: rate(1 day) to rate(30 days), and auto_training on."
    }

    # https://docs.aws.amazon.com/personalize/latest/dg/API_HPOConfig.html
    precondition {
      condition     = try(local._solutions[each.key].solution_config.hpo_config.hpo_objective, null) == null
      error_message = "${local._solutions[each.key].at}.solution_config.hpo_config.hpo_objective: Personalize does not support it; take it out."
    }

    precondition {
      condition     = try(contains(["HIGH", "LOW", "MEDIUM", "OFF"], local._solutions[each.key].solution_config.optimization_objective.objective_sensitivity), true)
      error_message = "${local._solutions[each.key].at}.solution_config.optimization_objective.objective_sensitivity: choose HIGH, LOW, MEDIUM or OFF."
    }

    precondition {
      condition     = alltrue([for event in try(local._solutions[each.key].solution_config.events_config.event_parameters_list, []) : event.weight == null ? true : event.weight >= 0 && event.weight <= 1])
      error_message = "${local._solutions[each.key].at}.solution_config.events_config.event_parameters_list: a weight is 0 to 1."
    }

    precondition {
      condition     = length(try(local._solutions[each.key].solution_config.events_config.event_parameters_list, [])) <= 10
      error_message = "${local._solutions[each.key].at}.solution_config.events_config.event_parameters_list: at most 10 entries."
    }
  }
}

# Nothing documents a refusal, and the campaign would be refused when its training is paid for.
# https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-semantic-similarity.html
check "ranking_influence" {
  assert {
    condition     = length(local._unsure_of_influence) == 0
    error_message = "The guide speaks of ranking_influence with aws-semantic-similarity only, and whether Personalize takes it for another recipe is not known: ${join(", ", local._unsure_of_influence)}."
  }
}

locals {
  _unsure_of_influence = [
    for key, s in local._solutions : "${s.at}.campaign.config.ranking_influence"
    if s.recipe != "aws-semantic-similarity" && try(length(s.campaign.config.ranking_influence) > 0, false)
  ]
}
