# What was declared, as it is meant: every key known, and a value for all that has a default. Terraform's object types would drop keys
# that they do not name, without a word: so variables take maps, or anything, and are read here.

module "declaration" {
  source    = "./modules/declaration"
  given     = var.pipelines
  pipelines = var.pipelines
  name      = var.name
  quotas    = local._quotas
}

locals {
  _pipelines = module.declaration.pipelines

  _default_quotas  = { imports = 5, trainings = 20, dataset_groups = 5, schemas = 500, solutions = 10, campaigns = 5, filters = 30 }
  _default_minutes = { import_job = 14, solution_version = 38, campaign = 12, filter = 4 }

  _fields = {
    alarms          = ["actions"]
    package         = ["path", "s3_bucket", "s3_key", "s3_object_version", "source_code_hash"]
    quotas          = keys(local._default_quotas)
    typical_minutes = keys(local._default_minutes)
  }

  _alarm_actions   = coalesce(try(var.alarms.actions, null), [])
  _package         = { for field in local._fields.package : field => lookup(var.package, field, null) }
  _quotas          = { for quota, usual in local._default_quotas : quota => coalesce(lookup(var.quotas, quota, null), usual) }
  _typical_minutes = { for kind, usual in local._default_minutes : kind => coalesce(lookup(var.typical_minutes, kind, null), usual) }
}
