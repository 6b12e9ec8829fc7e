# Inputs and pipelines that are refused at plan: a run for each rule.

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

run "rejects_alarm_actions" {
  command         = plan
  expect_failures = [var.alarms]

  variables {
    alarms    = { actions = ["topic"] }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_bucket_name" {
  command         = plan
  expect_failures = [var.bucket_name]

  variables {
    bucket_name = "s3://films"
    pipelines   = { movies = run.fixtures.pipeline }
  }
}

run "rejects_data_key_alias" {
  command         = plan
  expect_failures = [var.data_kms_key_arns]

  variables {
    data_kms_key_arns = ["arn:aws:kms:eu-west-1:123456789012:alias/data"]
    pipelines         = { movies = run.fixtures.pipeline }
  }
}

run "rejects_event_bus_name" {
  command         = plan
  expect_failures = [var.event_bus_name]

  variables {
    event_bus_name = "arn:aws:events:eu-west-1:123456789012:event-bus/shop"
    pipelines      = { movies = run.fixtures.pipeline }
  }
}

run "rejects_function_memory_mb" {
  command         = plan
  expect_failures = [var.function_memory_mb]

  variables {
    function_memory_mb = 64
    pipelines          = { movies = run.fixtures.pipeline }
  }
}

run "rejects_permissions_boundary" {
  command         = plan
  expect_failures = [var.permissions_boundary]

  variables {
    permissions_boundary = "boundary"
    pipelines            = { movies = run.fixtures.pipeline }
  }
}

run "rejects_role_path" {
  command         = plan
  expect_failures = [var.role_path]

  variables {
    role_path = "teams/search"
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_kms_key_alias" {
  command         = plan
  expect_failures = [var.kms_key_arn]

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:alias/shop"
    pipelines   = { movies = run.fixtures.pipeline }
  }
}

run "rejects_log_retention_days" {
  command         = plan
  expect_failures = [var.log_retention_days]

  variables {
    log_retention_days = 2
    pipelines          = { movies = run.fixtures.pipeline }
  }
}

run "rejects_maximum_concurrency" {
  command         = plan
  expect_failures = [var.maximum_concurrency]

  variables {
    maximum_concurrency = 1
    pipelines           = { movies = run.fixtures.pipeline }
  }
}

run "rejects_name_too_long" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name      = "a-name-that-is-longer"
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_noncurrent_version_days" {
  command         = plan
  expect_failures = [var.noncurrent_version_days]

  variables {
    noncurrent_version_days = 0
    pipelines               = { movies = run.fixtures.pipeline }
  }
}

run "rejects_package_given_twice" {
  command         = plan
  expect_failures = [var.package]

  variables {
    package   = { path = "main.tf", s3_bucket = "releases", s3_key = "functions.zip" }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_package_path_without_file" {
  command         = plan
  expect_failures = [var.package]

  variables {
    package   = { path = "no-such-file.zip" }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_poll_floor_seconds" {
  command         = plan
  expect_failures = [var.poll_floor_seconds]

  variables {
    poll_floor_seconds = 901
    pipelines          = { movies = run.fixtures.pipeline }
  }
}

run "rejects_quotas_of_none" {
  command         = plan
  expect_failures = [var.quotas]

  variables {
    quotas    = { imports = 0 }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_quotas_in_parts" {
  command         = plan
  expect_failures = [var.quotas]

  variables {
    quotas    = { trainings = 2.5 }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_typical_minutes" {
  command         = plan
  expect_failures = [var.typical_minutes]

  variables {
    typical_minutes = { campaign = 0 }
    pipelines       = { movies = run.fixtures.pipeline }
  }
}

run "rejects_unknown_key_of_alarms" {
  command         = plan
  expect_failures = [var.alarms]

  variables {
    alarms    = { topics = ["arn:aws:sns:eu-west-1:123456789012:on-call"] }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_unknown_key_of_package" {
  command         = plan
  expect_failures = [var.package]

  variables {
    package   = { file = "main.tf" }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_unknown_key_of_quotas" {
  command         = plan
  expect_failures = [var.quotas]

  variables {
    quotas    = { import = 3 }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_unknown_key_of_typical_minutes" {
  command         = plan
  expect_failures = [var.typical_minutes]

  variables {
    typical_minutes = { training = 60 }
    pipelines       = { movies = run.fixtures.pipeline }
  }
}

run "rejects_tag_of_aws" {
  command         = plan
  expect_failures = [var.tags]

  variables {
    tags      = { "aws:owner" = "me" }
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_filter_name_too_long" {
  command         = plan
  expect_failures = [aws_lambda_invocation.filter]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { filters = { the-films-that-this-user-has-not-yet-seen-although-they-are-famous = run.fixtures.pipeline.filters.unseen } }) }
  }
}

run "rejects_filter_name_taken" {
  command         = plan
  expect_failures = [aws_lambda_invocation.filter]

  variables {
    pipelines = { a = merge(run.fixtures.pipeline, { filters = { b-c = run.fixtures.pipeline.filters.unseen } }), a-b = merge(run.fixtures.pipeline, { filters = { c = run.fixtures.pipeline.filters.unseen } }) }
  }
}

run "rejects_prefix_without_slash" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = merge(run.fixtures.pipeline.datasets.interactions, { prefix = "movies" }) } }) }
  }
}

run "rejects_prefix_that_begins_with_a_slash" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = merge(run.fixtures.pipeline.datasets.interactions, { prefix = "/movies/" }) } }) }
  }
}

run "rejects_a_location_that_is_too_long" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    bucket_name = "lake"
    pipelines   = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = merge(run.fixtures.pipeline.datasets.interactions, { prefix = "${join("", [for n in range(246) : "m"])}/" }) } }) }
  }
}

run "accepts_a_location_of_256_characters" {
  command = plan

  variables {
    bucket_name = "lake"
    pipelines   = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = merge(run.fixtures.pipeline.datasets.interactions, { prefix = "${join("", [for n in range(245) : "m"])}/" }) } }) }
  }
}

run "rejects_prefix_within_another" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { interactions = merge(run.fixtures.pipeline.datasets.interactions, { prefix = "movies/" }) }) }) }
  }
}
