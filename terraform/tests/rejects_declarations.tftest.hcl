# Declarations that are refused at plan, whatever the account: a run for each rule.

variables {
  name   = "shop"
  given  = {}
  quotas = { dataset_groups = 5, schemas = 500, solutions = 10, campaigns = 5, filters = 30 }
}

run "fixtures" {
  command = plan

  module {
    source = "./tests/fixtures"
  }
}

run "gives_defaults" {
  command = plan

  module {
    source = "./modules/declaration"
  }

  variables {
    given     = { movies = run.fixtures.pipeline, books = { datasets = run.fixtures.pipeline.datasets, filters = null, deadlines = { train_hours = 100 } } }
    pipelines = { movies = run.fixtures.pipeline, books = { datasets = run.fixtures.pipeline.datasets, filters = null, deadlines = { train_hours = 100 } } }
  }

  assert {
    condition     = length(output.pipelines["books"].filters) == 0 && jsonencode(output.pipelines["books"].deadlines) == jsonencode({ import_hours = 24, train_hours = 100, deploy_hours = 12, stop_training = false })
    error_message = "What is left out, or null, has its default: ${jsonencode(output.pipelines["books"])}"
  }

  assert {
    condition     = output.pipelines["movies"].solutions["for-you"].campaign.min_provisioned_tps == 1 && output.pipelines["movies"].solutions["for-you"].perform_hpo == false
    error_message = "So has what is deep inside: ${jsonencode(output.pipelines["movies"].solutions)}"
  }
}

run "takes_what_only_an_apply_knows" {
  command = plan

  module {
    source = "./tests/fixtures/unknown"
  }

  assert {
    condition     = join(" ", keys(output.pipelines["films"].solutions)) == "similar" && length(output.pipelines["books"].solutions) == 0
    error_message = "What is known of a declaration is known at plan, whatever else is not."
  }
}

# Every object that there can be, each with what it must have. The type gives it all other fields: those are what is known.
run "knows_the_fields_of_the_type" {
  command = plan

  module {
    source = "./modules/declaration"
  }

  variables {
    given     = { shop = run.fixtures.everything }
    pipelines = { shop = run.fixtures.everything }
  }

  assert {
    condition = {
      for kind, object in {
        pipeline               = output.pipelines["shop"]
        retrain_on_upload      = output.pipelines["shop"].retrain_on_upload
        deadlines              = output.pipelines["shop"].deadlines
        dataset                = output.pipelines["shop"].datasets["interactions"]
        schedule               = output.pipelines["shop"].schedules["nightly"]
        solution               = output.pipelines["shop"].solutions["for-you"]
        campaign               = output.pipelines["shop"].solutions["for-you"].campaign
        campaign_config        = output.pipelines["shop"].solutions["for-you"].campaign.config
        solution_config        = output.pipelines["shop"].solutions["for-you"].solution_config
        auto_training_config   = output.pipelines["shop"].solutions["for-you"].solution_config.auto_training_config
        events_config          = output.pipelines["shop"].solutions["for-you"].solution_config.events_config
        event_parameters       = output.pipelines["shop"].solutions["for-you"].solution_config.events_config.event_parameters_list[0]
        optimization_objective = output.pipelines["shop"].solutions["for-you"].solution_config.optimization_objective
        training_data_config   = output.pipelines["shop"].solutions["for-you"].solution_config.training_data_config
        hpo_config             = output.pipelines["shop"].solutions["for-you"].solution_config.hpo_config
        hpo_objective          = output.pipelines["shop"].solutions["for-you"].solution_config.hpo_config.hpo_objective
        hpo_resource_config    = output.pipelines["shop"].solutions["for-you"].solution_config.hpo_config.hpo_resource_config
        ranges                 = output.pipelines["shop"].solutions["for-you"].solution_config.hpo_config.algorithm_hyper_parameter_ranges
        categories             = output.pipelines["shop"].solutions["for-you"].solution_config.hpo_config.algorithm_hyper_parameter_ranges.categorical_hyper_parameter_ranges[0]
        range                  = output.pipelines["shop"].solutions["for-you"].solution_config.hpo_config.algorithm_hyper_parameter_ranges.integer_hyper_parameter_ranges[0]
      } : kind => sort(keys(object))
    } == { for kind, fields in local.known : kind => sort(fields) }
    error_message = "The fields of each object are those of the type."
  }
}

run "rejects_unknown_key" {
  command         = plan
  expect_failures = [output.spelling]

  module {
    source = "./modules/declaration"
  }

  variables {
    given     = { movies = merge(run.fixtures.pipeline, { eventTracker = true }) }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_unknown_key_deep_inside" {
  command         = plan
  expect_failures = [output.spelling]

  module {
    source = "./modules/declaration"
  }

  variables {
    given     = { movies = { solutions = { for-you = { solution_config = { events_config = { event_parameters_list = [{ event_type = "watch" }, { eventType = "buy" }] } } } } } }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_no_pipelines" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = {}
  }
}

run "rejects_pipeline_name" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { "my films" = merge(run.fixtures.pipeline, {}) }
  }
}

run "rejects_solution_name" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { "for you" = { recipe = "aws-sims" } } }) }
  }
}

run "rejects_domain" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { domain = "NEWS" }) }
  }
}

run "rejects_no_interactions" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { items = run.fixtures.pipeline.datasets.items } }) }
  }
}

run "rejects_dataset_type" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { actions = run.fixtures.pipeline.datasets.items }) }) }
  }
}

run "rejects_pipeline_name_too_long" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { films-series-and-other-moving-pictures = merge(run.fixtures.pipeline, {}) }
  }
}

run "rejects_settle_seconds" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { retrain_on_upload = { enabled = true, settle_seconds = 901 } }) }
  }
}

run "rejects_deadlines" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { deadlines = { train_hours = 0.2 } }) }
  }
}

run "rejects_more_pipelines_than_dataset_groups" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { for number in range(6) : "movies-${number}" => run.fixtures.pipeline }
  }
}

run "rejects_more_datasets_than_schemas" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    quotas    = { schemas = 1, dataset_groups = 5, solutions = 10, campaigns = 5, filters = 30 }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_more_solutions_than_a_dataset_group_takes" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for number in range(11) : "similar-${number}" => { recipe = "aws-similar-items" } } }) }
  }
}

run "rejects_more_campaigns_than_a_dataset_group_takes" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for number in range(6) : "similar-${number}" => { recipe = "aws-similar-items", campaign = {} } } }) }
  }
}

run "rejects_more_filters_than_a_dataset_group_takes" {
  command         = plan
  expect_failures = [var.pipelines]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { filters = { for number in range(31) : "filter-${number}" => "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")" } }) }
  }
}
