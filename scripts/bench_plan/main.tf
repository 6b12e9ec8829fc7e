# As many pipelines as asked for, each of three datasets, two solutions with campaigns, a filter, a schedule and uploads, under
# the longest names that fit: what `make bench-plan` times, and what a test measures document by document.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "package" {
  type = string
}

variable "pipelines" {
  description = "How many."
  type        = number
}

locals {
  columns = {
    interactions = { USER_ID = "string", ITEM_ID = "string", TIMESTAMP = "long", EVENT_TYPE = "string" }
    items        = { ITEM_ID = "string", PRICE = ["null", "float"], CREATION_TIMESTAMP = "long" }
    users        = { USER_ID = "string", AGE = ["null", "int"] }
  }

  datasets = {
    for type, columns in local.columns : type => {
      schema = jsonencode({
        type      = "record"
        name      = title(type)
        namespace = "com.amazonaws.personalize.schema"
        version   = "1.0"
        fields    = [for column, kind in columns : { name = column, type = kind }]
      })
    }
  }

  pipelines = {
    for number in range(var.pipelines) : format("pipeline-of-tenant-%03d", number) => {
      datasets          = local.datasets
      filters           = { "unseen-by-me" = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\")" }
      retrain_on_upload = { enabled = true }
      schedules         = { "every-night" = { expression = "cron(0 3 * * ? *)" } }
      solutions = {
        for-everyone = { recipe = "aws-user-personalization-v2", campaign = {} }
        look-alikes  = { recipe = "aws-similar-items", campaign = {} }
      }
    }
  }
}

provider "aws" {
  region = "ap-northeast-1"
}

module "personalize" {
  source    = "../../terraform"
  name      = "eighteen-letters-x"
  package   = { path = var.package }
  pipelines = local.pipelines
  tags      = { team = "search" }
  quotas    = { dataset_groups = var.pipelines, schemas = 3 * var.pipelines }
}
