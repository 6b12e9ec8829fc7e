# What the end-to-end tests apply: one pipeline that has a bit of everything.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "columns" {
  description = "Names of further columns of the items, all optional strings."
  type        = list(string)
  default     = []
}

variable "deletion_protection" {
  type    = bool
  default = false
}

variable "recency" {
  description = "A hyperparameter: changing it makes another solution."
  type        = string
  default     = "true"
}

variable "package" {
  type = string
}

variable "for_you" {
  description = "The campaign of the solution for-you."
  type        = object({ name = optional(string) })
  default     = {}
}

variable "similar_key" {
  description = "What the solution similar is called."
  type        = string
  default     = "similar"
}

variable "drama" {
  description = "The filter drama: a changed one is made beside the old one."
  type        = string
  default     = "INCLUDE ItemID WHERE Items.GENRES IN (\"Drama\")"
}

variable "similar" {
  description = "The campaign of the solution similar; null is none."
  type = object({
    name                = optional(string)
    adopt               = optional(bool)
    min_provisioned_tps = optional(number, 2)
  })
  default = {}
}

provider "aws" {
  region = "eu-west-1"
}

module "personalize" {
  source  = "../../../terraform"
  name    = "e2e"
  package = { path = var.package }

  pipelines = {
    shop = {
      datasets = {
        interactions = {
          schema = jsonencode({
            type      = "record"
            name      = "Interactions"
            namespace = "com.amazonaws.personalize.schema"
            fields = [
              { name = "USER_ID", type = "string" },
              { name = "ITEM_ID", type = "string" },
              { name = "TIMESTAMP", type = "long" },
              { name = "EVENT_TYPE", type = "string" },
            ]
            version = "1.0"
          })
        }
        items = {
          schema = jsonencode({
            type      = "record"
            name      = "Items"
            namespace = "com.amazonaws.personalize.schema"
            fields = concat(
              [
                { name = "ITEM_ID", type = "string" },
                { name = "TITLE", type = "string" },
                { name = "GENRES", type = "string", categorical = true },
                { name = "CREATION_TIMESTAMP", type = "long" },
              ],
              [for column in var.columns : { name = column, type = ["null", "string"] }],
            )
            version = "1.0"
          })
        }
      }

      event_tracker = true
      filters = {
        genre = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)"
        drama = var.drama
      }

      solutions = {
        for-you           = { recipe = "aws-user-personalization-v2", hyperparameters = { apply_recency_bias = var.recency }, campaign = var.for_you }
        (var.similar_key) = { recipe = "aws-similar-items", campaign = var.similar }
      }

      schedules = {
        nightly = { expression = "cron(0 3 * * ? *)" }
        hourly  = { expression = "rate(1 hour)", what = "import", enabled = false }
      }

      retrain_on_upload = { enabled = true, settle_seconds = 3 }
    }
  }

  deletion_protection     = var.deletion_protection
  force_destroy           = true
  noncurrent_version_days = null
  poll_floor_seconds      = 1
  typical_minutes         = { import_job = 0.05, solution_version = 0.05, campaign = 0.05, filter = 0.05 }
  tags                    = { team = "search" }
}

output "personalize" {
  value = module.personalize
}
