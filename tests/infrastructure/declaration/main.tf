# What test_mistakes plans: declarations alone, which need no provider.

variable "pipelines" {
  type = any
}

module "declaration" {
  source    = "../../../terraform/modules/declaration"
  given     = var.pipelines
  pipelines = var.pipelines
  name      = "shop"
  quotas    = { dataset_groups = 1000, schemas = 3000, solutions = 10, campaigns = 5, filters = 30 }
}
