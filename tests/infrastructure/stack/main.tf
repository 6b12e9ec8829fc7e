# What test_changes applies, and then changes.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "books" {
  description = "Have the second pipeline."
  type        = bool
  default     = true
}

variable "columns" {
  description = "Columns of the interactions besides the required ones."
  type        = list(string)
  default     = ["EVENT_TYPE", "LOCATION"]
}

variable "deletion_protection" {
  type    = bool
  default = false
}

variable "domain" {
  type    = string
  default = null
}

variable "force_destroy" {
  type    = bool
  default = true
}

variable "package" {
  type = string
}

variable "team" {
  description = "A tag's value."
  type        = string
  default     = "search"
}

locals {
  interactions = jsonencode({
    type      = "record"
    name      = "Interactions"
    namespace = "com.amazonaws.personalize.schema"
    version   = "1.0"
    fields = concat(
      [
        { name = "USER_ID", type = "string" },
        { name = "ITEM_ID", type = "string" },
        { name = "TIMESTAMP", type = "long" },
      ],
      [for column in var.columns : { name = column, type = "string" }],
    )
  })

  pipelines = {
    films = {
      domain        = var.domain
      datasets      = { interactions = { schema = local.interactions } }
      event_tracker = true
      filters       = { unseen = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\")" }
      solutions     = { similar = { recipe = "aws-similar-items", campaign = {} } }
    }
    books = {
      datasets  = { interactions = { schema = local.interactions, prefix = "reads/" } }
      solutions = { popular = { recipe = "aws-popularity-count" } }
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

module "personalize" {
  source                  = "../../../terraform"
  name                    = "changing"
  package                 = { path = var.package }
  deletion_protection     = var.deletion_protection
  force_destroy           = var.force_destroy
  noncurrent_version_days = null
  pipelines               = { for key, pipeline in local.pipelines : key => pipeline if key != "books" || var.books }
  tags                    = { team = var.team }
}

output "personalize" {
  value = module.personalize
}
