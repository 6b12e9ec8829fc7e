# What a pipeline becomes, planned by the real provider without an account.

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

# What glue answers, of everything that the pipelines here declare.
override_resource {
  target          = aws_lambda_invocation.ready
  override_during = plan
  values = {
    result = <<-EOT
      {
        "dataset_group": {"arn": "arn:aws:personalize:eu-west-1:123456789012:dataset-group/group"},
        "dataset/interactions": {"arn": "arn:aws:personalize:eu-west-1:123456789012:dataset/group/INTERACTIONS", "schema_arn": "arn:aws:personalize:eu-west-1:123456789012:schema/schema"},
        "dataset/items": {"arn": "arn:aws:personalize:eu-west-1:123456789012:dataset/group/ITEMS", "schema_arn": "arn:aws:personalize:eu-west-1:123456789012:schema/schema"},
        "dataset/users": {"arn": "arn:aws:personalize:eu-west-1:123456789012:dataset/group/USERS", "schema_arn": "arn:aws:personalize:eu-west-1:123456789012:schema/schema"},
        "event_tracker": {"arn": "arn:aws:personalize:eu-west-1:123456789012:event-tracker/01234567", "tracking_id": "tracking-id"},
        "filter/unseen": {"arn": "arn:aws:personalize:eu-west-1:123456789012:filter/unseen-0123abcd"},
        "solution/for-you": {"arn": "arn:aws:personalize:eu-west-1:123456789012:solution/solution-0123abcd"},
        "solution/ranking": {"arn": "arn:aws:personalize:eu-west-1:123456789012:solution/solution-0123abcd"},
        "solution/segments": {"arn": "arn:aws:personalize:eu-west-1:123456789012:solution/solution-0123abcd"}
      }
    EOT
  }
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

run "pipeline" {
  command = plan

  variables {
    pipelines = {
      movies = merge(run.fixtures.pipeline, {
        domain = "VIDEO_ON_DEMAND"
        datasets = {
          interactions = run.fixtures.pipeline.datasets.interactions
          users        = { schema = jsonencode(merge(run.fixtures.interactions, { name = "Users" })), prefix = "people/" }
          items = { schema = jsonencode(merge(run.fixtures.items, { fields = [
            { name = "ITEM_ID", type = "string" },
            { name = "CREATION_TIMESTAMP", type = "long" },
            { name = "GENRES", type = "string", categorical = true },
            { name = "PRICE", type = "float" },
          ] })) }
        }
        solutions = {
          for-you = {
            recipe          = "arn:aws:personalize:::recipe/aws-user-personalization"
            event_type      = "watch"
            hyperparameters = { hidden_dimension = "64" }
            solution_config = {
              hpo_config = {
                algorithm_hyper_parameter_ranges = {
                  integer_hyper_parameter_ranges = [{ name = "bptt", min_value = 2, max_value = 32 }]
                }
                hpo_resource_config = { max_number_of_training_jobs = "4" }
              }
              optimization_objective = { item_attribute = "PRICE", objective_sensitivity = "LOW" }
              training_data_config   = { included_dataset_columns = { interactions = ["EVENT_TYPE"] } }
            }
            campaign = {
              name                = "front-page"
              adopt               = true
              min_provisioned_tps = 2
              config              = { item_exploration_config = { explorationWeight = "0.3" } }
            }
          }
          segments = { recipe = "aws-item-affinity" }
          ranking = {
            recipe          = "aws-personalized-ranking-v2"
            solution_config = { events_config = { event_parameters_list = [{ event_type = "watch", weight = 0.5 }] } }
          }
        }
        schedules = {
          nightly = { expression = "cron(0 3 * * ? *)", timezone = "Europe/Paris", solutions = ["for-you"], training_mode = "UPDATE" }
          once    = { expression = "at(2027-01-31T03:00:00)", what = "import", force = true, enabled = false }
        }
      })
      books = { datasets = { interactions = run.fixtures.pipeline.datasets.interactions } }
    }
    tags = { team = "web" }
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.dataset_group["movies"].input) == {
      resource            = "dataset_group"
      deletion_protection = true
      arn                 = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies"
      request             = { name = "shop-movies", domain = "VIDEO_ON_DEMAND" }
      tags                = { team = "web" }
    }
    error_message = "The dataset group has a name and a domain, no key: ${aws_lambda_invocation.dataset_group["movies"].input}"
  }

  assert {
    condition     = jsondecode(aws_lambda_invocation.dataset_group["books"].input).request == { name = "shop-books" }
    error_message = "Without a domain, a dataset group has a name only: ${aws_lambda_invocation.dataset_group["books"].input}"
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.dataset["books/interactions"].input).schema == {
      name   = "shop-books-interactions-${substr(sha256(jsonencode(run.fixtures.interactions)), 0, 8)}"
      schema = jsonencode(run.fixtures.interactions)
    }
    error_message = "A schema's name ends in a hash of its canonical JSON: ${aws_lambda_invocation.dataset["books/interactions"].input}"
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.dataset["movies/users"].input) == {
      resource            = "dataset"
      deletion_protection = true
      tags                = { team = "web" }
      request = {
        name            = "shop-movies-users"
        datasetGroupArn = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies"
        datasetType     = "users"
      }
      schema = {
        name   = "shop-movies-users-${substr(sha256("VIDEO_ON_DEMAND${jsonencode(merge(run.fixtures.interactions, { name = "Users" }))}"), 0, 8)}"
        domain = "VIDEO_ON_DEMAND"
        schema = jsonencode(merge(run.fixtures.interactions, { name = "Users" }))
      }
    }
    error_message = "Glue is asked for another dataset: ${aws_lambda_invocation.dataset["movies/users"].input}"
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.solution["movies/for-you"].input) == {
      resource            = "solution"
      deletion_protection = true
      name                = "shop-movies-for-you"
      pipeline            = "movies"
      campaign_arn        = "arn:aws:personalize:eu-west-1:123456789012:campaign/front-page"
      tags                = { team = "web" }
      request = {
        datasetGroupArn     = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies"
        recipeArn           = "arn:aws:personalize:::recipe/aws-user-personalization"
        eventType           = "watch"
        performHPO          = false
        performAutoTraining = false
        solutionConfig = {
          algorithmHyperParameters = { hidden_dimension = "64" }
          hpoConfig = {
            algorithmHyperParameterRanges = { integerHyperParameterRanges = [{ name = "bptt", minValue = 2, maxValue = 32 }] }
            hpoResourceConfig             = { maxNumberOfTrainingJobs = "4" }
          }
          optimizationObjective = { itemAttribute = "PRICE", objectiveSensitivity = "LOW" }
          trainingDataConfig    = { includedDatasetColumns = { interactions = ["EVENT_TYPE"] } }
        }
      }
    }
    error_message = "Glue is asked for another solution: ${aws_lambda_invocation.solution["movies/for-you"].input}"
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.solution["movies/ranking"].input).request.solutionConfig == {
      eventsConfig = { eventParametersList = [{ eventType = "watch", weight = 0.5 }] }
    }
    error_message = "Glue is asked for other weights of events: ${aws_lambda_invocation.solution["movies/ranking"].input}"
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.solution["movies/segments"].input) == {
      resource            = "solution"
      deletion_protection = true
      name                = "shop-movies-segments"
      pipeline            = "movies"
      campaign_arn        = null
      tags                = { team = "web" }
      request = {
        datasetGroupArn     = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies"
        recipeArn           = "arn:aws:personalize:::recipe/aws-item-affinity"
        performHPO          = false
        performAutoTraining = false
      }
    }
    error_message = "What is not set is not sent, but automatic training is off in so many words: ${aws_lambda_invocation.solution["movies/segments"].input}"
  }

  assert {
    condition = { for key, campaign in aws_lambda_invocation.campaign : key => jsondecode(campaign.input) } == {
      "front-page" = {
        resource            = "campaign"
        deletion_protection = true
        name                = "shop"
        pipeline            = "movies"
        solution            = "for-you"
        adopt               = true
        request             = { campaignArn = "arn:aws:personalize:eu-west-1:123456789012:campaign/front-page" }
        spec = {
          name                = "front-page"
          arn                 = "arn:aws:personalize:eu-west-1:123456789012:campaign/front-page"
          min_provisioned_tps = 2
          config              = { itemExplorationConfig = { explorationWeight = "0.3" } }
          adopt               = true
        }
      }
    }
    error_message = "A campaign that is declared is glue's to declare and to delete, under its name: ${jsonencode({ for key, campaign in aws_lambda_invocation.campaign : key => campaign.input })}"
  }

  assert {
    condition = { for key, tracker in aws_lambda_invocation.event_tracker : key => jsondecode(tracker.input).request } == {
      movies = { name = "shop-movies", datasetGroupArn = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies" }
    }
    error_message = "Only movies asks for an event tracker, but these have one: ${join(", ", keys(aws_lambda_invocation.event_tracker))}"
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.filter["movies/unseen"].input) == {
      resource            = "filter"
      deletion_protection = true
      name                = "shop-movies-unseen"
      pipeline            = "movies"
      request = {
        name             = "shop-movies-unseen-${substr(sha256(run.fixtures.pipeline.filters.unseen), 0, 8)}"
        datasetGroupArn  = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies"
        filterExpression = run.fixtures.pipeline.filters.unseen
      }
      tags = { team = "web" }
    }
    error_message = "Another filter is made: ${aws_lambda_invocation.filter["movies/unseen"].input}"
  }

  # All that glue is asked for, once more, but for the protection: flipping it asks for nothing.
  assert {
    condition = jsondecode(aws_lambda_invocation.ready["movies"].input) == {
      resource = "ready"
      arn      = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies"
      pipeline = "movies"
      resources = {
        for key, input in {
          dataset_group          = aws_lambda_invocation.dataset_group["movies"].input
          "dataset/interactions" = aws_lambda_invocation.dataset["movies/interactions"].input
          "dataset/items"        = aws_lambda_invocation.dataset["movies/items"].input
          "dataset/users"        = aws_lambda_invocation.dataset["movies/users"].input
          event_tracker          = aws_lambda_invocation.event_tracker["movies"].input
          "filter/unseen"        = aws_lambda_invocation.filter["movies/unseen"].input
          "solution/for-you"     = aws_lambda_invocation.solution["movies/for-you"].input
          "solution/ranking"     = aws_lambda_invocation.solution["movies/ranking"].input
          "solution/segments"    = aws_lambda_invocation.solution["movies/segments"].input
          "campaign/for-you"     = aws_lambda_invocation.campaign["front-page"].input
        } : key => { for field, value in jsondecode(input) : field => value if field != "deletion_protection" }
      }
    }
    error_message = "Glue is asked once more for something else: ${aws_lambda_invocation.ready["movies"].input}"
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.guard["movies"].input) == {
      resource            = "guard"
      deletion_protection = true
      name                = "everything of pipeline 'movies'"
      pipeline            = "movies"
      arn                 = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies"
      datasets            = ["interactions", "items", "users"]
    }
    error_message = "The pipeline is guarded otherwise: ${aws_lambda_invocation.guard["movies"].input}"
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.bucket_guard[0].input) == {
      resource            = "guard"
      name                = "everything of 'shop'"
      bucket              = "shop-123456789012-eu-west-1-data"
      deletion_protection = true
    }
    error_message = "A bucket that would not go is guarded: ${aws_lambda_invocation.bucket_guard[0].input}"
  }

  assert {
    condition = jsondecode(jsondecode(aws_dynamodb_table_item.pipeline["movies"].item).spec.S).solutions == {
      for-you  = { arn = "arn:aws:personalize:eu-west-1:123456789012:solution/solution-0123abcd", updates = true }
      ranking  = { arn = "arn:aws:personalize:eu-west-1:123456789012:solution/solution-0123abcd", updates = false }
      segments = { arn = "arn:aws:personalize:eu-west-1:123456789012:solution/solution-0123abcd", updates = false }
    }
    error_message = "The ledger holds other solutions: ${aws_dynamodb_table_item.pipeline["movies"].item}"
  }

  assert {
    condition = jsondecode(jsondecode(aws_dynamodb_table_item.pipeline["movies"].item).spec.S).filters == {
      unseen = {
        name       = "unseen-0123abcd"
        arn        = "arn:aws:personalize:eu-west-1:123456789012:filter/unseen-0123abcd"
        expression = run.fixtures.pipeline.filters.unseen
      }
    }
    error_message = "The ledger holds other filters: ${aws_dynamodb_table_item.pipeline["movies"].item}"
  }

  assert {
    condition = jsondecode(jsondecode(aws_dynamodb_table_item.pipeline["movies"].item).spec.S).datasets.users.columns == {
      USER_ID = ["string"], ITEM_ID = ["string"], TIMESTAMP = ["long"], EVENT_TYPE = ["string"]
    }
    error_message = "The ledger holds other columns: ${aws_dynamodb_table_item.pipeline["movies"].item}"
  }

  assert {
    condition = { for type, dataset in jsondecode(jsondecode(aws_dynamodb_table_item.pipeline["movies"].item).spec.S).datasets : type => dataset.location } == {
      interactions = "s3://shop-123456789012-eu-west-1-data/movies/interactions/"
      items        = "s3://shop-123456789012-eu-west-1-data/movies/items/"
      users        = "s3://shop-123456789012-eu-west-1-data/people/"
    }
    error_message = "The ledger holds other locations: ${aws_dynamodb_table_item.pipeline["movies"].item}"
  }

  assert {
    condition = { for key, value in jsondecode(jsondecode(aws_dynamodb_table_item.pipeline["movies"].item).spec.S) : key => value if !contains(["datasets", "filters", "solutions"], key) } == {
      pipeline          = "movies"
      name              = "shop"
      role_arn          = "arn:aws:iam::123456789012:role/shop-personalize-eu-west-1"
      dataset_group_arn = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-movies"
      event_tracker     = true
      settle_seconds    = 300
      deadlines         = { import_hours = 24, train_hours = 72, deploy_hours = 12, stop_training = false }
      tags              = { team = "web" }
    }
    error_message = "The ledger holds another declaration: ${aws_dynamodb_table_item.pipeline["movies"].item}"
  }

  # As text: an escaped < or > would hide Scheduler's own words from it.
  assert {
    condition = aws_scheduler_schedule.this["movies/nightly"].target[0].input == join("", [
      "{\"id\":\"shop-movies-nightly/<aws.scheduler.scheduled-time>\",",
      "\"request\":{\"force\":false,\"pipeline\":\"movies\",\"solutions\":[\"for-you\"],\"training_mode\":\"UPDATE\",\"what\":\"everything\"},",
      "\"time\":\"<aws.scheduler.scheduled-time>\",\"trigger\":\"schedule\"}",
    ])
    error_message = "The schedule sends: ${aws_scheduler_schedule.this["movies/nightly"].target[0].input}"
  }

  assert {
    condition     = jsondecode(aws_scheduler_schedule.this["movies/once"].target[0].input).request == { pipeline = "movies", what = "import", solutions = null, training_mode = "FULL", force = true }
    error_message = "The schedule asks for: ${aws_scheduler_schedule.this["movies/once"].target[0].input}"
  }

  assert {
    condition     = aws_scheduler_schedule.watchdog.target[0].input == "{\"watch\":\"runs\"}"
    error_message = "The watchdog's schedule sends: ${aws_scheduler_schedule.watchdog.target[0].input}"
  }

  assert {
    condition     = aws_scheduler_schedule.this["movies/once"].state == "DISABLED" && aws_scheduler_schedule.this["movies/nightly"].state == "ENABLED"
    error_message = "A schedule that is not enabled is there, and sleeps."
  }

  assert {
    condition = { for key, rule in aws_cloudwatch_event_rule.this : key => jsondecode(rule.event_pattern) } == {
      shop-retrain-1 = { detail-type = ["Personalize retrain requested"], detail = { pipeline = ["books", "movies"] } }
      shop-upload-1 = {
        source      = ["aws.s3"]
        detail-type = ["Object Created"]
        detail = {
          bucket = { name = ["shop-123456789012-eu-west-1-data"] }
          object = { key = [{ prefix = "movies/interactions/" }, { prefix = "movies/items/" }, { prefix = "people/" }], size = [{ numeric = [">", 0] }] }
        }
      }
    }
    error_message = "Uploads and the team's own events are watched otherwise: ${join(" ", [for rule in aws_cloudwatch_event_rule.this : rule.event_pattern])}"
  }

  assert {
    condition     = aws_cloudwatch_event_target.this["shop-upload-1"].input_transformer[0].input_template == "{\"trigger\":\"upload\",\"id\":<id>,\"time\":<time>,\"upload\":{\"bucket\":<bucket>,\"key\":<key>}}"
    error_message = "An upload sends: ${aws_cloudwatch_event_target.this["shop-upload-1"].input_transformer[0].input_template}"
  }

  assert {
    condition = jsondecode(jsondecode(aws_dynamodb_table_item.folders.item).spec.S) == {
      "s3://shop-123456789012-eu-west-1-data/movies/interactions/" = "movies/interactions"
      "s3://shop-123456789012-eu-west-1-data/movies/items/"        = "movies/items"
      "s3://shop-123456789012-eu-west-1-data/people/"              = "movies/users"
    }
    error_message = "Start finds an upload's pipeline otherwise: ${aws_dynamodb_table_item.folders.item}"
  }

  assert {
    condition     = alltrue([for step, queue in aws_sqs_queue.step : queue.visibility_timeout_seconds == 6 * module.step[step].timeout])
    error_message = "A queue hides a message for six times its function's timeout."
  }

  assert {
    condition     = alltrue([for step, queue in aws_sqs_queue.dead_letters : jsondecode(queue.redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:eu-west-1:123456789012:shop-${step}"]])
    error_message = "A dead-letter queue takes its own step's messages only."
  }

  assert {
    condition = { for step, config in aws_lambda_function_recursion_config.step : step => config.recursive_loop } == {
      for step, row in jsondecode(file("./pipeline.json")).steps : step => "Allow" if try(row.recursive, false)
    }
    error_message = "Lambda would stop the steps that reach themselves: ${jsonencode(aws_lambda_function_recursion_config.step)}"
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.step : mapping.function_response_types == toset(["ReportBatchItemFailures"]) && mapping.batch_size == 1 && mapping.scaling_config[0].maximum_concurrency == 2])
    error_message = "Each mapping hands over one message at a time, reports its failure, and has a limit."
  }

  assert {
    condition     = output.campaign_arns == { books = {}, movies = { for-you = "arn:aws:personalize:eu-west-1:123456789012:campaign/front-page" } }
    error_message = "campaign_arns: ${jsonencode(output.campaign_arns)}"
  }

  assert {
    condition     = output.tracking_ids == { movies = "tracking-id" }
    error_message = "tracking_ids: ${jsonencode(output.tracking_ids)}"
  }

  assert {
    condition     = output.schedules == { books = {}, movies = { nightly = "shop-movies-nightly", once = "shop-movies-once" } }
    error_message = "schedules: ${jsonencode(output.schedules)}"
  }

  assert {
    condition = output.upload_prefixes == {
      books = { interactions = "s3://shop-123456789012-eu-west-1-data/books/interactions/" }
      movies = {
        interactions = "s3://shop-123456789012-eu-west-1-data/movies/interactions/"
        items        = "s3://shop-123456789012-eu-west-1-data/movies/items/"
        users        = "s3://shop-123456789012-eu-west-1-data/people/"
      }
    }
    error_message = "upload_prefixes: ${jsonencode(output.upload_prefixes)}"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.dead_letters) == 0
    error_message = "Alarms are made only where asked for."
  }
}

run "quotas_shared_with_others" {
  command = plan

  variables {
    quotas    = { imports = 3, trainings = null }
    pipelines = { movies = run.fixtures.pipeline }
  }

  assert {
    condition     = jsondecode(module.step["poll"].environment.QUOTAS) == { import = 3, train = 20 }
    error_message = "A function knows the slots by the step that takes them, Personalize's own where none are given: ${module.step["poll"].environment.QUOTAS}"
  }
}

run "bucket_of_the_teams_own" {
  command = plan

  variables {
    bucket_name = "lake"
    pipelines   = { movies = run.fixtures.pipeline }
  }

  assert {
    condition     = length(aws_s3_bucket.data) + length(aws_s3_bucket_policy.data) + length(aws_s3_bucket_notification.data) + length(aws_s3_bucket_versioning.data) == 0
    error_message = "A bucket that exists is left as it is."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["shop-upload-1"].event_pattern).detail.bucket.name == ["lake"]
    error_message = "Uploads to the team's bucket are watched."
  }

  assert {
    condition     = contains(jsondecode(output.bucket_policy).Statement[1].Resource, "arn:aws:s3:::lake/*")
    error_message = "The output says what the bucket's owner adds: ${output.bucket_policy}"
  }
}

run "key_of_the_teams_own" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/0123"
    pipelines   = { movies = run.fixtures.pipeline }
  }

  assert {
    condition = jsondecode(aws_lambda_invocation.dataset_group["movies"].input).request == {
      name      = "shop-movies"
      kmsKeyArn = "arn:aws:kms:eu-west-1:123456789012:key/0123"
      roleArn   = "arn:aws:iam::123456789012:role/shop-personalize-eu-west-1"
    }
    error_message = "The dataset group has the key, and the role that may use it: ${aws_lambda_invocation.dataset_group["movies"].input}"
  }

  assert {
    condition = alltrue(concat(
      [for queue in concat(values(aws_sqs_queue.step), values(aws_sqs_queue.dead_letters)) : queue.kms_master_key_id == var.kms_key_arn],
      [for schedule in aws_scheduler_schedule.this : schedule.kms_key_arn == var.kms_key_arn],
      [aws_dynamodb_table.ledger.server_side_encryption[0].kms_key_arn == var.kms_key_arn],
      [for rule in aws_s3_bucket_server_side_encryption_configuration.data[0].rule : rule.apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn],
    ))
    error_message = "Everything at rest is encrypted with the key."
  }
}

run "events_on_a_bus_of_their_own" {
  command = plan

  variables {
    event_bus_name = "shop"
    alarms         = { actions = ["arn:aws:sns:eu-west-1:123456789012:on-call"] }
    pipelines      = { movies = run.fixtures.pipeline }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["shop-retrain-1"].event_bus_name == "shop" && aws_cloudwatch_event_rule.this["shop-upload-1"].event_bus_name == "default"
    error_message = "The team's events come on its bus, S3's on the default one."
  }

  assert {
    condition = [for s in jsondecode(aws_sqs_queue.step["start"].policy).Statement : s.Condition if s.Sid == "EventBridge"] == [{
      ArnLike = {
        "aws:SourceArn" = [
          "arn:aws:events:eu-west-1:123456789012:rule/shop-upload-*",
          "arn:aws:events:eu-west-1:123456789012:rule/shop/shop-retrain-*",
        ]
      }
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    }]
    error_message = "Start's queue takes the messages of our rules: ${aws_sqs_queue.step["start"].policy}"
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.dead_letters)) == toset(keys(aws_sqs_queue.dead_letters))
    error_message = "There is an alarm for each dead-letter queue."
  }
}

# An item of DynamoDB has 400 KB at most: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
run "the_largest_pipeline_is_one_item" {
  command = plan

  override_resource {
    target          = aws_lambda_invocation.ready
    override_during = plan
    values = {
      result = <<-EOT
        {
          %{for n in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]}"filter/filter-${n}": {"arn": "arn:aws:personalize:eu-west-1:123456789012:filter/a-name-of-as-many-characters-as-personalize-takes-${n}-0123abcd"},
          %{endfor}
          %{for n in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}"solution/solution-${n}": {"arn": "arn:aws:personalize:eu-west-1:123456789012:solution/a-name-of-as-many-characters-as-personalize-takes-${n}-0123abcd"},
          %{endfor}
          %{for type in ["interactions", "items", "users"]}"dataset/${type}": {"arn": "arn:aws:personalize:eu-west-1:123456789012:dataset/group/${type}", "schema_arn": "arn:aws:personalize:eu-west-1:123456789012:schema/schema"},
          %{endfor}
          "dataset_group": {"arn": "arn:aws:personalize:eu-west-1:123456789012:dataset-group/group"}
        }
      EOT
    }
  }

  variables {
    pipelines = {
      movies = {
        datasets = {
          for type, id in { interactions = ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"], items = ["ITEM_ID"], users = ["USER_ID"] } : type => {
            prefix                       = "${type}-${join("", [for n in range(180) : "p"])}/"
            schema = jsonencode(merge(run.fixtures.interactions, {
              name = title(type)
              fields = concat(
                [for column in id : { name = column, type = column == "TIMESTAMP" ? "long" : "string" }],
                [for n in range({ interactions = 5, items = 100, users = 25 }[type]) : { name = "COLUMN_OF_A_LONG_NAME_${n}", type = ["null", "string"], categorical = true }],
              )
            }))
          }
        }
        filters   = { for n in range(30) : "filter-${n}" => "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (${join(",", [for m in range(240) : "\"e${format("%05d", m)}\""])})" }
        solutions = { for n in range(10) : "solution-${n}" => { recipe = "aws-similar-items", campaign = {} } }
      }
    }
    quotas = { campaigns = 10 }
    tags   = { for n in range(50) : "key-${n}-${join("", [for m in range(100) : "k"])}" => join("", [for m in range(256) : "v"]) }
  }

  assert {
    condition     = length(aws_dynamodb_table_item.pipeline["movies"].item) > 100000 && length(aws_dynamodb_table_item.pipeline["movies"].item) < 400000
    error_message = "The item has ${length(aws_dynamodb_table_item.pipeline["movies"].item)} characters."
  }
}
