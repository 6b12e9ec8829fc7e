# Who may do what: every policy, as parsed JSON.

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

run "policies" {
  command = plan

  variables {
    pipelines = { movies = run.fixtures.pipeline }
  }

  # Functions: exactly what pipeline.json says, plus what follows from it.
  assert {
    condition = {
      for step, function in module.step : step => toset(flatten([for s in jsondecode(function.policy).Statement : s.Action]))
      } == {
      for step, declared in jsondecode(file("pipeline.json")).steps : step => toset(concat(
        ["sqs:SendMessage"],
        flatten(values(declared.permissions)),
        flatten(values(jsondecode(file("pipeline.json")).runtime)),
        flatten(values(jsondecode(file("pipeline.json")).consumer)),
      ))
    }
    error_message = "A step's role allows something else than pipeline.json says."
  }

  assert {
    condition = toset(flatten([for s in jsondecode(module.glue.policy).Statement : s.Action])) == toset(concat(
      flatten(values(jsondecode(file("pipeline.json")).glue.permissions)),
      flatten(values(jsondecode(file("pipeline.json")).runtime)),
    ))
    error_message = "Glue's role allows something else than pipeline.json says: ${module.glue.policy}"
  }

  assert {
    condition = length(flatten([
      for policy in concat([for function in module.step : function.policy], [module.glue.policy, aws_iam_role_policy.service.policy, aws_iam_role_policy.scheduler.policy]) :
      [for s in jsondecode(policy).Statement : [for action in flatten([s.Action]) : action if strcontains(action, "*")]]
    ])) == 0
    error_message = "An action holds a wildcard."
  }

  # On everything: only what knows no resource. List actions of Personalize, and X-Ray's writing.
  assert {
    condition = length(setsubtract(
      flatten([
        for policy in concat([for function in module.step : function.policy], [module.glue.policy, aws_iam_role_policy.service.policy, aws_iam_role_policy.scheduler.policy]) :
        [for s in jsondecode(policy).Statement : s.Action if contains(flatten([s.Resource]), "*")]
      ]),
      [
        "personalize:ListCampaigns", "personalize:ListDatasetImportJobs", "personalize:ListDatasets", "personalize:ListEventTrackers",
        "personalize:ListFilters", "personalize:ListMetricAttributions", "personalize:ListRecommenders", "personalize:ListSchemas",
        "personalize:ListSolutionVersions", "personalize:ListSolutions", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
      ]
    )) == 0
    error_message = "An action that knows its resource is allowed on everything."
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat([for function in module.step : function.policy], [module.glue.policy]) :
      [for s in jsondecode(policy).Statement : [for resource in flatten([s.Resource]) : resource == "*" || strcontains(resource, "shop") || endswith(resource, ":event-bus/default") || resource == "arn:aws:personalize:::recipe/aws-*" || contains(["arn:aws:personalize:eu-west-1:123456789012:event-tracker/*", "arn:aws:personalize:eu-west-1:123456789012:schema/*"], resource)]]
    ]))
    error_message = "A resource is allowed that is not this module's."
  }

  # What a request names besides what it makes.
  assert {
    condition = {
      for s in jsondecode(module.glue.policy).Statement : s.Sid => s.Resource if contains(["DatasetGroups", "Recipes", "Schemas"], s.Sid)
      } == {
      DatasetGroups = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/shop-*"
      Recipes       = "arn:aws:personalize:::recipe/aws-*"
      Schemas       = "arn:aws:personalize:eu-west-1:123456789012:schema/shop-*"
    }
    error_message = "Glue makes datasets and solutions in this module's dataset groups, with its schemas and AWS's recipes: ${module.glue.policy}"
  }

  assert {
    condition = alltrue([
      for step, declared in jsondecode(file("pipeline.json")).steps :
      toset(flatten([for s in jsondecode(module.step[step].policy).Statement : s.Resource if s.Sid == "Next"])) == toset([for next in declared.next : "arn:aws:sqs:eu-west-1:123456789012:shop-${next}"])
    ])
    error_message = "A step may send to the steps after it, and to no other."
  }

  assert {
    condition = [for s in jsondecode(module.step["import"].policy).Statement : s if s.Sid == "ServiceRole"] == [{
      Sid       = "ServiceRole"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = "arn:aws:iam::123456789012:role/shop-personalize-eu-west-1"
      Condition = { StringEquals = { "iam:PassedToService" = "personalize.amazonaws.com" } }
    }]
    error_message = "Import may pass the one role, to Personalize: ${module.step["import"].policy}"
  }

  # The role that Personalize assumes.
  assert {
    condition = [for s in jsondecode(aws_iam_role.service.assume_role_policy).Statement : [s.Principal, s.Condition]] == [[
      { Service = "personalize.amazonaws.com" },
      { StringEquals = { "aws:SourceAccount" = "123456789012" }, ArnLike = { "aws:SourceArn" = "arn:aws:personalize:eu-west-1:123456789012:*" } },
    ]]
    error_message = "Only Personalize, for this account, assumes the role: ${aws_iam_role.service.assume_role_policy}"
  }

  assert {
    condition = toset([for s in jsondecode(aws_iam_role_policy.service.policy).Statement : jsonencode([s.Action, s.Resource])]) == toset([
      jsonencode(["s3:ListBucket", "arn:aws:s3:::shop-123456789012-eu-west-1-data"]),
      jsonencode(["s3:GetObject", "arn:aws:s3:::shop-123456789012-eu-west-1-data/*"]),
    ])
    error_message = "The role reads the bucket, which holds nothing but data: ${aws_iam_role_policy.service.policy}"
  }

  assert {
    condition     = { for s in jsondecode(aws_s3_bucket_policy.data[0].policy).Statement : s.Sid => s.Effect } == { TlsOnly = "Deny", PersonalizeReads = "Allow" }
    error_message = "The bucket lets Personalize read, and takes TLS only: ${aws_s3_bucket_policy.data[0].policy}"
  }

  assert {
    condition = alltrue([
      for queue in concat(values(aws_sqs_queue.step), values(aws_sqs_queue.dead_letters)) :
      contains([for s in jsondecode(queue.policy).Statement : [s.Effect, s.Condition]], ["Deny", { Bool = { "aws:SecureTransport" = "false" } }])
    ])
    error_message = "A queue takes TLS only."
  }

  assert {
    condition = alltrue([
      for name, queue in merge(aws_sqs_queue.step, { for step, queue in aws_sqs_queue.dead_letters : "${step}-dlq" => queue }) :
      contains([for s in jsondecode(queue.policy).Statement : s.Sid], "EventBridge") == contains(["start", "start-dlq"], name)
    ])
    error_message = "EventBridge sends to start's queue and its dead letters, and to no other."
  }

  assert {
    condition     = flatten([for s in jsondecode(aws_iam_role_policy.scheduler.policy).Statement : s.Resource]) == ["arn:aws:sqs:eu-west-1:123456789012:shop-start-dlq", "arn:aws:sqs:eu-west-1:123456789012:shop-start"]
    error_message = "The schedules send to start's queue and its dead letters: ${aws_iam_role_policy.scheduler.policy}"
  }
}

run "policies_with_a_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/0123"
    pipelines   = { movies = run.fixtures.pipeline }
  }

  assert {
    condition = alltrue([
      for policy in concat([for function in module.step : function.policy], [aws_iam_role_policy.scheduler.policy]) :
      contains([for s in jsondecode(policy).Statement : [toset(s.Action), s.Resource] if length(flatten([s.Action])) == 2], [toset(["kms:Decrypt", "kms:GenerateDataKey"]), var.kms_key_arn])
    ])
    error_message = "Whoever reads or writes what is encrypted may use the key."
  }

  assert {
    condition     = [for s in jsondecode(module.glue.policy).Statement : [s.Action, s.Resource] if s.Sid == "Key"] == [["kms:Decrypt", var.kms_key_arn]]
    error_message = "Glue's environment is all that it reads of what is encrypted: ${module.glue.policy}"
  }
}

run "roles_of_a_company_with_rules" {
  command = plan

  variables {
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
    role_path            = "/teams/search/"
    pipelines            = { movies = run.fixtures.pipeline }
  }

  assert {
    condition = { for name in keys(local._role_names) : name => local._role_names[name] } == {
      for name in concat(keys(jsondecode(file("pipeline.json")).steps), ["glue", "personalize", "scheduler"]) : name => "shop-${name}-eu-west-1"
    }
    error_message = "IAM has no regions: a role's name holds it. ${jsonencode(local._role_names)}"
  }

  assert {
    condition = alltrue([
      for role in [aws_iam_role.service, aws_iam_role.scheduler] :
      role.path == "/teams/search/" && role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    ])
    error_message = "A role lacks the path or the boundary."
  }

  assert {
    condition     = alltrue([for function in concat(values(module.step), [module.glue]) : function.role == { path = "/teams/search/", permissions_boundary = "arn:aws:iam::123456789012:policy/boundary" }])
    error_message = "A function's role lacks the path or the boundary."
  }

  assert {
    condition     = [for s in jsondecode(module.step["import"].policy).Statement : s.Resource if s.Sid == "ServiceRole"] == ["arn:aws:iam::123456789012:role/teams/search/shop-personalize-eu-west-1"]
    error_message = "What is allowed on the role follows its path: ${module.step["import"].policy}"
  }
}

run "policies_with_a_key_of_the_buckets_own" {
  command = plan

  variables {
    bucket_name       = "team-data"
    data_kms_key_arns = ["arn:aws:kms:eu-west-1:123456789012:key/0123"]
    pipelines         = { movies = run.fixtures.pipeline }
  }

  assert {
    condition = alltrue([
      for policy in [aws_iam_role_policy.service.policy, module.step["start"].policy] :
      [for s in jsondecode(policy).Statement : [s.Resource, s.Condition] if s.Action == "kms:Decrypt"] ==
      [["arn:aws:kms:eu-west-1:123456789012:key/0123", { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }]]
    ])
    error_message = "Who reads files may decrypt them, through S3: ${aws_iam_role_policy.service.policy} ${module.step["start"].policy}"
  }

  assert {
    condition = alltrue([
      for policy in concat([for step, function in module.step : function.policy if step != "start"], [module.glue.policy]) :
      !strcontains(policy, "kms:")
    ])
    error_message = "Nobody else may use the key."
  }

  assert {
    condition = { for s in jsondecode(output.data_key_policy).Statement : s.Sid => [s.Principal, toset(flatten([s.Action]))] } == {
      PersonalizeReads = [
        { Service = "personalize.amazonaws.com", AWS = "arn:aws:iam::123456789012:role/shop-personalize-eu-west-1" },
        toset(["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:ListGrants"]),
      ]
      FunctionsRead = [{ AWS = "arn:aws:iam::123456789012:role/shop-start-eu-west-1" }, toset(["kms:Decrypt"])]
    }
    error_message = "The key's owner is told whom to let in: ${output.data_key_policy}"
  }
}

run "a_bucket_that_others_use" {
  command = plan

  variables {
    bucket_name = "lake"
    pipelines   = { movies = run.fixtures.pipeline }
  }

  assert {
    condition = toset([for s in jsondecode(aws_iam_role_policy.service.policy).Statement : jsonencode([s.Action, s.Resource])]) == toset([
      jsonencode(["s3:ListBucket", "arn:aws:s3:::lake"]),
      jsonencode(["s3:GetObject", ["arn:aws:s3:::lake/movies/items/*", "arn:aws:s3:::lake/movies/interactions/*"]]),
    ])
    error_message = "The role reads what is under the prefixes only: ${aws_iam_role_policy.service.policy}"
  }
}

run "campaigns_with_names_of_their_own" {
  command = plan

  variables {
    pipelines = { movies = merge(run.fixtures.pipeline, { solutions = {
      for-you = { recipe = "aws-user-personalization-v2", campaign = { name = "front-page" } }
      similar = { recipe = "aws-similar-items", campaign = {} }
    } }) }
  }

  assert {
    condition = [for s in jsondecode(module.step["deploy"].policy).Statement : toset(s.Resource) if s.Sid == "Campaigns"] == [toset([
      "arn:aws:personalize:eu-west-1:123456789012:campaign/shop-*", "arn:aws:personalize:eu-west-1:123456789012:campaign/front-page",
    ])]
    error_message = "A pattern covers the campaigns that are named for the deployment, and the others are listed: ${module.step["deploy"].policy}"
  }
}
