# The smallest useful set-up: films, two solutions, an event tracker, a filter. `make demo` applies it.

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

module "personalize" {
  source  = "../.."
  name    = var.name
  package = { path = var.package }

  pipelines = {
    movies = {
      datasets = {
        interactions = { schema = file("${path.module}/schemas/interactions.json") }
        items        = { schema = file("${path.module}/schemas/items.json") }
      }

      event_tracker = true

      filters = {
        genre = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)"
      }

      solutions = {
        for-you = {
          recipe   = "aws-user-personalization-v2"
          campaign = {}
        }
        similar = {
          recipe   = "aws-similar-items"
          campaign = {}
        }
      }

      schedules = {
        nightly = { expression = "cron(0 3 * * ? *)", timezone = "Europe/Paris" }
      }

      retrain_on_upload = {
        enabled        = true
        settle_seconds = var.settle_seconds
      }
    }
  }

  # An example comes and goes. In production, leave these out.
  deletion_protection     = false
  force_destroy           = true
  log_retention_days      = 7
  noncurrent_version_days = null
  poll_floor_seconds      = var.poll_floor_seconds
  quotas                  = var.quotas
  typical_minutes         = var.typical_minutes
  tags                    = { project = var.name }
}
