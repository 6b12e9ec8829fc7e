# What AWS would refuse by its size or number, refused at plan: a run for each rule.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "aws" {
  alias                       = "elsewhere"
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "aws" {
  alias                       = "beijing"
  region                      = "cn-north-1"
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

# What one declaration exceeds by itself, whatever else is in the region.

run "accepts_as_many_pipelines_as_the_region_takes" {
  command = plan

  variables {
    pipelines = { for number in range(5) : "movies-${number}" => run.fixtures.pipeline }
  }
}

run "accepts_more_dataset_groups_when_granted" {
  command = plan

  variables {
    quotas    = { dataset_groups = 6 }
    pipelines = { for number in range(6) : "movies-${number}" => run.fixtures.pipeline }
  }
}

# Documents that would be too long.

# IAM's limit is a precondition: with keys, and a name as long as it may be, it holds for the longest list of folders.
run "names_all_folders_in_a_bucket_of_others_where_there_is_room" {
  command = plan

  variables {
    name              = "eighteen-letters-x"
    bucket_name       = "lake"
    kms_key_arn       = "arn:aws:kms:eu-west-1:123456789012:key/01234567-0123-0123-0123-0123456789ab"
    data_kms_key_arns = ["arn:aws:kms:eu-west-1:123456789012:key/98765432-0123-0123-0123-0123456789ab"]
    quotas            = { dataset_groups = 23 }
    pipelines         = { for number in range(23) : "movies-${number}" => { datasets = { interactions = merge(run.fixtures.pipeline.datasets.interactions, { prefix = "${join("-", range(78))}-${number + 10}/" }) } } }
  }

  assert {
    condition     = length(flatten([for s in jsondecode(aws_iam_role_policy.service.policy).Statement : s.Resource if s.Action == "s3:GetObject"])) == 23 && length(aws_iam_role_policy.service.policy) > 5900
    error_message = "The role reads what is under each folder: ${aws_iam_role_policy.service.policy}"
  }
}

run "names_the_first_folders_in_a_bucket_of_others_where_all_would_be_too_many" {
  command = plan

  variables {
    bucket_name = "lake"
    quotas      = { dataset_groups = 40 }
    pipelines   = { for number in range(40) : "movies-${number}" => { datasets = { interactions = merge(run.fixtures.pipeline.datasets.interactions, { prefix = "tenants-${number % 2}/${join("/", range(80))}/${number}/" }) } } }
  }

  assert {
    condition     = toset(flatten([for s in jsondecode(aws_iam_role_policy.service.policy).Statement : s.Resource if s.Action == "s3:GetObject"])) == toset(["arn:aws:s3:::lake/tenants-0/*", "arn:aws:s3:::lake/tenants-1/*"])
    error_message = "The role reads what is under the first folders only: ${aws_iam_role_policy.service.policy}"
  }
}

run "names_a_bucket_of_others_where_all_folders_would_be_too_many" {
  command = plan

  variables {
    bucket_name = "lake"
    quotas      = { dataset_groups = 40 }
    pipelines   = { for number in range(40) : "movies-${number}" => { datasets = { interactions = merge(run.fixtures.pipeline.datasets.interactions, { prefix = "${join("-", range(80))}-${number}/" }) } } }
  }

  assert {
    condition     = flatten([for s in jsondecode(aws_iam_role_policy.service.policy).Statement : s.Resource if s.Action == "s3:GetObject"]) == ["arn:aws:s3:::lake/*"]
    error_message = "The role reads the bucket: ${aws_iam_role_policy.service.policy}"
  }
}

run "rejects_more_campaigns_with_names_of_their_own_than_a_policy_can_list" {
  command         = plan
  expect_failures = [aws_iam_role_policy.service]

  variables {
    quotas    = { dataset_groups = 120 }
    pipelines = { for number in range(120) : "movies-${number}" => merge(run.fixtures.pipeline, { solutions = { for-you = { recipe = "aws-similar-items", campaign = { name = "${join("-", range(18))}-${number}" } } } }) }
  }
}

run "splits_rules_whose_patterns_would_be_too_long" {
  command = plan

  variables {
    quotas    = { dataset_groups = 40 }
    pipelines = { for number in range(40) : "the-movies-of-tenant-${number}" => { datasets = { interactions = run.fixtures.pipeline.datasets.interactions }, retrain_on_upload = { enabled = true } } }
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.this) > 2 && alltrue([for rule in aws_cloudwatch_event_rule.this : length(rule.event_pattern) <= 2048])
    error_message = "A pattern has more than 2048 characters: ${jsonencode({ for name, rule in aws_cloudwatch_event_rule.this : name => length(rule.event_pattern) })}"
  }

  assert {
    condition = toset(flatten([for rule in aws_cloudwatch_event_rule.this : try([for key in jsondecode(rule.event_pattern).detail.object.key : key.prefix], [])])) == toset(
      [for number in range(40) : "the-movies-of-tenant-${number}/interactions/"]
    )
    error_message = "A folder is watched by no rule."
  }

  assert {
    condition     = toset(flatten([for rule in aws_cloudwatch_event_rule.this : try(jsondecode(rule.event_pattern).detail.pipeline, [])])) == toset([for number in range(40) : "the-movies-of-tenant-${number}"])
    error_message = "A pipeline is asked for in vain."
  }
}

# Places.

run "rejects_a_region_without_personalize" {
  command         = plan
  expect_failures = [aws_iam_role.service]

  providers = {
    aws = aws.elsewhere
  }

  variables {
    pipelines = { movies = run.fixtures.pipeline }
  }
}

run "rejects_what_a_region_lacks" {
  command         = plan
  expect_failures = [aws_lambda_invocation.solution]

  providers = {
    aws = aws.beijing
  }

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = { for-you = {
      recipe   = "aws-user-personalization-v2"
      campaign = { config = { enable_metadata_with_recommendations = true } }
    } } }) }
  }
}
