# Schedules that are refused at plan: a run for each rule.

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

run "rejects_what" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "rate(1 day)", what = "deploy" } } }) }
  }
}

run "rejects_training_mode" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "rate(1 day)", training_mode = "AUTOTRAIN" } } }) }
  }
}

run "rejects_unknown_solution" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "rate(1 day)", solutions = ["for-me"] } } }) }
  }
}

run "rejects_empty_list_of_solutions" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "rate(1 day)", solutions = [] } } }) }
  }
}

run "rejects_import_of_solutions" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "rate(1 day)", what = "import", solutions = ["for-you"] } } }) }
  }
}

run "rejects_training_without_solutions" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = {}, schedules = { nightly = { expression = "rate(1 day)", what = "train" } } }) }
  }
}

run "rejects_update_of_a_recipe_that_has_none" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "rate(1 day)", training_mode = "UPDATE" } } }) }
  }
}

run "rejects_schedule_name_too_long" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { every-night-at-three-because-then-the-shop-sleeps-and-the-data-rests = { expression = "rate(1 day)" } } }) }
  }
}

run "rejects_schedule_name_taken" {
  command         = plan
  expect_failures = [aws_scheduler_schedule.this]

  variables {
    pipelines = { a = merge(run.fixtures.pipeline, { filters = {}, schedules = { b-c = run.fixtures.pipeline.schedules.nightly } }), a-b = merge(run.fixtures.pipeline, { filters = {}, schedules = { c = run.fixtures.pipeline.schedules.nightly } }) }
  }
}

run "warns_of_a_time_that_has_passed" {
  command         = plan
  expect_failures = [check.times_to_come]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { once = { expression = "at(2020-01-31T03:00:00)" } } }) }
  }
}

run "accepts_times_to_come_and_those_that_are_off" {
  command = plan

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = {
      coming = { expression = "at(2099-01-31T03:00:00)", timezone = "Europe/Paris" }
      passed = { expression = "at(2020-01-31T03:00:00)", enabled = false }
    } }) }
  }
}
