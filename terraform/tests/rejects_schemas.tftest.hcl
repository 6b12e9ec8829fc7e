# Schemas and prefixes that are refused at plan: a run for each rule.

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

run "rejects_not_json" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = "{" } } }) }
  }
}

run "rejects_not_a_record" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { type = "array" })) } } }) }
  }
}

run "rejects_name_of_another_type" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { name = "Items" })) } } }) }
  }
}

run "rejects_namespace" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { namespace = "shop" })) } } }) }
  }
}

run "rejects_interactions_without_timestamp" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { fields = [for f in run.fixtures.interactions.fields : f if f.name != "TIMESTAMP"] })) } } }) }
  }
}

run "rejects_timestamp_as_text" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { fields = [for f in run.fixtures.interactions.fields : f.name == "TIMESTAMP" ? { name = "TIMESTAMP", type = "string" } : f] })) } } }) }
  }
}

run "rejects_items_without_item_id" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { fields = [{ name = "GENRES", type = "string" }, { name = "YEAR", type = "int" }] })) } }) }) }
  }
}

run "rejects_items_with_their_id_only" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { fields = [{ name = "ITEM_ID", type = "string" }] })) } }) }) }
  }
}

run "rejects_users_without_user_id" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { users = { schema = jsonencode(merge(run.fixtures.items, { name = "Users" })) } }) }) }
  }
}

run "rejects_domain_interactions_without_event_type" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { domain = "ECOMMERCE", datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { fields = [for f in run.fixtures.interactions.fields : f if f.name != "EVENT_TYPE"] })) } } }) }
  }
}

run "rejects_domain_items_without_price" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { domain = "ECOMMERCE" }) }
  }
}

run "rejects_video_items_without_creation_timestamp" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { domain = "VIDEO_ON_DEMAND" }) }
  }
}

run "rejects_a_column_with_a_hyphen" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { fields = [{ name = "ITEM_ID", type = "string" }, { name = "genre-l1", type = "string", categorical = true }] })) } }) }) }
  }
}

run "rejects_nested_column" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { fields = [{ name = "ITEM_ID", type = "string" }, { name = "GENRES", type = { type = "array", items = "string" } }] })) } }) }) }
  }
}

run "rejects_too_long" {
  command         = plan
  expect_failures = [aws_lambda_invocation.dataset]

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { doc = join(" ", [for n in range(1000) : "and so on and so on"]) })) } }) }) }
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
