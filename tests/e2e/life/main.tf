# What the tests of a pipeline's life apply: pipelines that come, go and change.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "deletion_protection" {
  type    = bool
  default = false
}

variable "package" {
  type = string
}

variable "pipelines" {
  type = any
}

provider "aws" {
  region = "eu-west-1"
}

module "personalize" {
  source                  = "../../../terraform"
  name                    = "life"
  package                 = { path = var.package }
  pipelines               = var.pipelines
  deletion_protection     = var.deletion_protection
  force_destroy           = true
  noncurrent_version_days = null
  poll_floor_seconds      = 1
  typical_minutes         = { import_job = 0.05, solution_version = 0.05, campaign = 0.05, filter = 0.05 }
}

output "personalize" {
  value = module.personalize
}
