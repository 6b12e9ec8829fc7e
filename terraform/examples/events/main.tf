# Runs that events start, on a bus of the team's own, with data in a bucket that is there already.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region
}

resource "aws_cloudwatch_event_bus" "recommendations" {
  name = var.name
}

module "personalize" {
  source         = "../.."
  name           = var.name
  package        = { path = var.package }
  bucket_name    = var.bucket_name
  event_bus_name = aws_cloudwatch_event_bus.recommendations.name

  pipelines = {
    articles = {
      datasets = {
        interactions = { schema = file("${path.module}/schemas/interactions.json"), prefix = "personalize/articles/reads/" }
      }

      solutions = {
        trending = { recipe = "aws-trending-now", campaign = {} }
        related  = { recipe = "aws-similar-items", campaign = {} }
      }
    }
  }
}

# Every outcome, good or bad, to those who want to know.
resource "aws_cloudwatch_event_rule" "outcome" {
  name           = "${var.name}-outcome"
  description    = "A run has ended"
  event_bus_name = aws_cloudwatch_event_bus.recommendations.name
  event_pattern  = jsonencode({ source = ["personalize-pipelines"] })
}

resource "aws_cloudwatch_event_target" "outcome" {
  rule           = aws_cloudwatch_event_rule.outcome.name
  event_bus_name = aws_cloudwatch_event_bus.recommendations.name
  arn            = aws_cloudwatch_log_group.outcome.arn
}

resource "aws_cloudwatch_log_group" "outcome" {
  # checkov:skip=CKV_AWS_158: what is written here is who ran when, and how it ended.
  name              = "/aws/events/${var.name}-outcome"
  retention_in_days = 365
}

resource "aws_cloudwatch_log_resource_policy" "outcome" {
  policy_name     = "${var.name}-outcome"
  policy_document = data.aws_iam_policy_document.outcome.json
}

data "aws_iam_policy_document" "outcome" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.outcome.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com", "events.amazonaws.com"]
    }
  }
}
