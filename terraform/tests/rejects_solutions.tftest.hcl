# Solutions and campaigns that are refused at plan: a run for each rule.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

variables {
  name    = "shop"
  package = { s3_bucket = "releases", s3_key = "functions.zip" }
}

run "fixtures" {
  command = plan

  module {
    source = "./tests/fixtures"
  }
}

run "accepts_what_the_others_change" {
  command = plan

  variables {
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_unknown_recipe" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-user-personalisation" } } }) }
  }
}

run "rejects_recipe_for_recommenders" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-vod-top-picks" } } }) }
  }
}

run "rejects_recipe_without_its_datasets" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = run.fixtures.pipeline.datasets.interactions }, solutions = { for-you = { recipe = "aws-item-attribute-affinity" } } }) }
  }
}

run "rejects_campaign_on_segments" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-item-affinity", campaign = {} } } }) }
  }
}

run "rejects_min_provisioned_tps" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-sims", campaign = { min_provisioned_tps = 0 } } } }) }
  }
}

run "rejects_campaign_name_taken" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-sims", campaign = { name = "front-page" } } } }), books = merge(run.fixtures.pipeline, { solutions = { similar = { recipe = "aws-sims", campaign = { name = "front-page" } } } }) }
  }
}

run "rejects_campaign_name" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-sims", campaign = { name = "front page" } } } }) }
  }
}

run "rejects_ranking_influence_weight" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution, check.ranking_influence]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-personalized-ranking-v2", campaign = { config = { ranking_influence = { POPULARITY = 2 } } } } } }) }
  }
}

run "warns_of_ranking_influence_elsewhere" {
  command         = plan
  expect_failures = [check.ranking_influence]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-personalized-ranking-v2", campaign = { config = { ranking_influence = { POPULARITY = 0.5 } } } } } }) }
  }
}

run "rejects_ranking_influence_kind" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution, check.ranking_influence]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-personalized-ranking-v2", campaign = { config = { ranking_influence = { PRICE = 1 } } } } } }) }
  }
}

run "rejects_solution_name_too_long" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { recommendations-for-the-front-page-of-the-shop = { recipe = "aws-sims" } } }) }
  }
}

run "rejects_solution_name_taken" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { a = merge(run.fixtures.pipeline, { filters = {}, schedules = {}, solutions = { b-c = { recipe = "aws-sims" } } }), a-b = merge(run.fixtures.pipeline, { filters = {}, schedules = {}, solutions = { c = { recipe = "aws-sims" } } }) }
  }
}

run "rejects_event_type_empty" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-sims", event_type = "" } } }) }
  }
}

run "rejects_event_type_without_its_column" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { filters = {}, datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { fields = [for f in run.fixtures.interactions.fields : f if f.name != "EVENT_TYPE"] })) } }, solutions = { for-you = { recipe = "aws-sims", event_type = "buy" } } }) }
  }
}

run "rejects_event_value_threshold_without_its_column" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-sims", event_type = "rate", solution_config = { event_value_threshold = "3" } } } }) }
  }
}

run "rejects_auto_training_expression" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-sims", auto_training = true, solution_config = { auto_training_config = { scheduling_expression = "rate(7 hours)" } } } } }) }
  }
}

run "rejects_auto_training_expression_while_it_is_off" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-sims", solution_config = { auto_training_config = { scheduling_expression = "rate(7 days)" } } } } }) }
  }
}

run "rejects_objective_sensitivity" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-user-personalization", solution_config = { optimization_objective = { item_attribute = "YEAR", objective_sensitivity = "MAXIMUM" } } } } }) }
  }
}

run "rejects_event_weight" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-user-personalization-v2", solution_config = { events_config = { event_parameters_list = [{ event_type = "buy", weight = 2 }] } } } } }) }
  }
}

run "rejects_too_many_event_parameters" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-user-personalization-v2", solution_config = { events_config = { event_parameters_list = [for n in range(11) : { event_type = "event-${n}" }] } } } } }) }
  }
}

run "rejects_item_exploration_of_another_recipe" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-user-personalization-v2", campaign = { config = { item_exploration_config = { explorationWeight = "0.2" } } } } } }) }
  }
}

run "rejects_incremental_update_of_another_recipe" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-similar-items", perform_incremental_update = true } } }) }
  }
}

run "rejects_event_weights_of_another_recipe" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-user-personalization", solution_config = { events_config = { event_parameters_list = [{ event_type = "buy", weight = 1 }] } } } } }) }
  }
}

run "rejects_objective_of_another_recipe" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-user-personalization-v2", solution_config = { optimization_objective = { item_attribute = "YEAR", objective_sensitivity = "LOW" } } } } }) }
  }
}

run "rejects_hpo_of_another_recipe" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-personalized-ranking-v2", perform_hpo = true } } }) }
  }
}

run "rejects_hpo_objective" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-user-personalization", perform_hpo = true, solution_config = { hpo_config = { hpo_objective = { type = "Maximize" } } } } } }) }
  }
}
