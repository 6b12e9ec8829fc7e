# The policy of the person who applies the stack beside.

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
  region = "eu-west-1"
}

module "applier" {
  source        = "../../../terraform/modules/applier"
  name          = "e2e"
  force_destroy = true
}

output "documents" {
  value = module.applier.documents
}
