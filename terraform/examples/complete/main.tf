# As in production: two pipelines, one of them a Domain dataset group, a key of the team's own, alarms, a released zip.

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

  default_tags {
    tags = { owner = "recommendations" }
  }
}

module "personalize" {
  source      = "../.."
  name        = var.name
  package     = var.package
  kms_key_arn = aws_kms_key.data.arn
  alarms      = { actions = [aws_sns_topic.on_call.arn] }
  tags        = { service = var.name }

  pipelines = {
    # A Custom dataset group with all three datasets and a solution for each place on the site.
    shop = {
      datasets = {
        interactions = { schema = file("${path.module}/schemas/shop-interactions.json") }
        items        = { schema = file("${path.module}/schemas/shop-items.json") }
        users        = { schema = file("${path.module}/schemas/shop-users.json") }
      }

      event_tracker = true

      filters = {
        in-stock   = "INCLUDE ItemID WHERE Items.IN_STOCK IN (\"yes\")"
        not-bought = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"purchase\")"
      }

      solutions = {
        for-you = {
          recipe = "aws-user-personalization-v2"
          solution_config = {
            events_config = {
              event_parameters_list = [
                { event_type = "purchase", weight = 1 },
                { event_type = "view", weight = 0.2 },
              ]
            }
          }
          campaign = {
            min_provisioned_tps = 5
            config              = { enable_metadata_with_recommendations = true }
          }
        }
        ranking = {
          recipe   = "aws-personalized-ranking-v2"
          campaign = {}
        }
        similar = {
          recipe     = "aws-similar-items"
          event_type = "view"
          campaign   = {}
        }
        # Segments are asked for in batches: no campaign.
        fans = { recipe = "aws-item-affinity" }
      }

      schedules = {
        weekly  = { expression = "cron(0 2 ? * SUN *)", timezone = "Europe/Berlin" }
        nightly = { expression = "cron(0 2 ? * MON-SAT *)", timezone = "Europe/Berlin", solutions = ["for-you", "ranking"] }
        imports = { expression = "rate(6 hours)", what = "import" }
      }

      retrain_on_upload = { enabled = true, settle_seconds = 600 }
    }

    # A Domain dataset group. The recipe here is the one that can be updated between full trainings.
    films = {
      domain = "VIDEO_ON_DEMAND"

      datasets = {
        interactions = { schema = file("${path.module}/schemas/films-interactions.json"), prefix = "video/watched/" }
        items        = { schema = file("${path.module}/schemas/films-items.json"), prefix = "video/catalogue/" }
      }

      solutions = {
        for-you = {
          recipe          = "aws-user-personalization"
          event_type      = "Watch"
          hyperparameters = { hidden_dimension = "149" }
          campaign = {
            min_provisioned_tps = 2
            config              = { item_exploration_config = { explorationWeight = "0.2", explorationItemAgeCutOff = "14" } }
          }
        }
      }

      schedules = {
        full    = { expression = "cron(30 1 ? * SAT *)" }
        refresh = { expression = "rate(2 hours)", training_mode = "UPDATE" }
      }
    }
  }
}

resource "aws_sns_topic" "on_call" {
  name              = "${var.name}-on-call"
  kms_master_key_id = aws_kms_key.data.id
}
