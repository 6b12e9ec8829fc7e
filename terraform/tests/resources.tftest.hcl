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

override_resource {
  target          = aws_cloudcontrolapi_resource.dataset_group
  override_during = plan
  values          = { id = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/group" }
}

override_resource {
  target          = aws_cloudcontrolapi_resource.schema
  override_during = plan
  values          = { id = "arn:aws:personalize:eu-west-1:123456789012:schema/schema" }
}

override_resource {
  target          = aws_cloudcontrolapi_resource.event_tracker
  override_during = plan
  values          = { properties = "{\"TrackingId\":\"tracking-id\"}" }
}

override_resource {
  target          = aws_cloudcontrolapi_resource.filter
  override_during = plan
  values          = { id = "arn:aws:personalize:eu-west-1:123456789012:filter/filter" }
}

override_resource {
  target          = aws_lambda_invocation.dataset
  override_during = plan
  values          = { result = "{\"arn\":\"arn:aws:personalize:eu-west-1:123456789012:dataset/group/TYPE\"}" }
}

override_resource {
  target          = aws_lambda_invocation.solution
  override_during = plan
  values          = { result = "{\"arn\":\"arn:aws:personalize:eu-west-1:123456789012:solution/solution-0123abcd\"}" }
}

variables {
  name    = "shop"
  package = { s3_bucket = "releases", s3_key = "functions.zip" }
  pipelines = {
    movies = {
      datasets = {
        interactions = {
          schema = <<-EOT
            {"type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema", "version": "1.0",
             "fields": [{"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"}, {"name": "TIMESTAMP", "type": "long"}]}
          EOT
        }
      }
      event_tracker = true
      filters       = { unseen = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")" }
      solutions = {
        for-you = { recipe = "aws-user-personalization-v2", campaign = {} }
      }
      schedules         = { nightly = { expression = "cron(0 3 * * ? *)" } }
      retrain_on_upload = { enabled = true }
    }
  }
}

run "plans" {
  command = plan
}
