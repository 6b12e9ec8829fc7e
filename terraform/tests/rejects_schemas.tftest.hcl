# Schemas that are refused at plan: a run for each rule.

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

run "accepts_what_the_others_change" {
  command = plan

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_not_json" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = "{" } } }) }
  }
}

run "rejects_not_a_record" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { type = "array" })) } } }) }
  }
}

run "rejects_name_of_another_type" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { name = "Items" })) } } }) }
  }
}

run "rejects_namespace" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { namespace = "shop" })) } } }) }
  }
}

run "rejects_interactions_without_timestamp" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { fields = [for f in run.fixtures.interactions.fields : f if f.name != "TIMESTAMP"] })) } } }) }
  }
}

run "rejects_timestamp_as_text" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { fields = [for f in run.fixtures.interactions.fields : f.name == "TIMESTAMP" ? { name = "TIMESTAMP", type = "string" } : f] })) } } }) }
  }
}

run "rejects_items_without_item_id" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { fields = [{ name = "GENRES", type = "string" }, { name = "YEAR", type = "int" }] })) } }) }) }
  }
}

run "rejects_items_with_their_id_only" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { fields = [{ name = "ITEM_ID", type = "string" }] })) } }) }) }
  }
}

run "rejects_users_without_user_id" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { users = { schema = jsonencode(merge(run.fixtures.items, { name = "Users" })) } }) }) }
  }
}

run "rejects_domain_interactions_without_event_type" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { domain = "ECOMMERCE", filters = {}, datasets = { interactions = { schema = jsonencode(merge(run.fixtures.interactions, { fields = [for f in run.fixtures.interactions.fields : f if f.name != "EVENT_TYPE"] })) } } }) }
  }
}

run "rejects_domain_items_without_price" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { domain = "ECOMMERCE" }) }
  }
}

run "rejects_video_items_without_creation_timestamp" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { domain = "VIDEO_ON_DEMAND" }) }
  }
}

run "rejects_a_column_with_a_hyphen" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { fields = [{ name = "ITEM_ID", type = "string" }, { name = "genre-l1", type = "string", categorical = true }] })) } }) }) }
  }
}

run "rejects_nested_column" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { fields = [{ name = "ITEM_ID", type = "string" }, { name = "GENRES", type = { type = "array", items = "string" } }] })) } }) }) }
  }
}

run "rejects_too_long" {
  command         = plan
  expect_failures = [output.schemas]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { datasets = merge(run.fixtures.pipeline.datasets, { items = { schema = jsonencode(merge(run.fixtures.items, { doc = join(" ", [for n in range(1000) : "and so on and so on"]) })) } }) }) }
  }
}
