# Times of schedules, and filter expressions, that are refused at plan: a run for each rule.

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

run "rejects_cron_with_five_fields" {
  command         = plan
  expect_failures = [output.schedules]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "cron(0 3 * * ?)" } } }) }
  }
}

run "rejects_cron_with_hour_25" {
  command         = plan
  expect_failures = [output.schedules]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "cron(0 25 * * ? *)" } } }) }
  }
}

run "rejects_cron_with_both_days" {
  command         = plan
  expect_failures = [output.schedules]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "cron(0 3 * * * *)" } } }) }
  }
}

run "rejects_rate_without_unit" {
  command         = plan
  expect_failures = [output.schedules]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "rate(12)" } } }) }
  }
}

run "rejects_at_without_time" {
  command         = plan
  expect_failures = [output.schedules]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "at(2027-01-31)" } } }) }
  }
}

run "rejects_timezone" {
  command         = plan
  expect_failures = [output.schedules]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { nightly = { expression = "rate(1 day)", timezone = "+01:00" } } }) }
  }
}

run "rejects_a_day_that_does_not_exist" {
  command         = plan
  expect_failures = [output.schedules]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { once = { expression = "at(2099-02-30T03:00:00)" } } }) }
  }
}

run "rejects_a_day_that_does_not_exist_though_it_is_off" {
  command         = plan
  expect_failures = [output.schedules]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { schedules = { once = { expression = "at(2099-02-30T03:00:00)", enabled = false } } }) }
  }
}

run "rejects_filter_empty" {
  command         = plan
  expect_failures = [output.filters]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { filters = { unseen = "" } }) }
  }
}

run "rejects_filter_not_an_expression" {
  command         = plan
  expect_failures = [output.filters]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { filters = { unseen = "Items.GENRES IN (\"Drama\")" } }) }
  }
}

run "rejects_filter_too_long" {
  command         = plan
  expect_failures = [output.filters]

  module {
    source = "./modules/declaration"
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { filters = { unseen = "INCLUDE ItemID WHERE Items.GENRES IN (${join(", ", [for n in range(900) : n])})" } }) }
  }
}
