# What the pipelines hold, flat, with the name of each thing. Keys are `<pipeline>/<key>`.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  _account   = data.aws_caller_identity.current.account_id
  _partition = data.aws_partition.current.partition
  _region    = data.aws_region.current.id

  # ARNs of what we name ourselves are built from the names: policies are then known at plan, and nobody waits for a queue.
  _arn = {
    for service in ["dynamodb", "events", "lambda", "logs", "personalize", "scheduler", "sqs"] :
    service => "arn:${local._partition}:${service}:${local._region}:${local._account}"
  }

  _datasets = merge([
    for key, p in local._pipelines : {
      for type, d in p.datasets : "${key}/${type}" => {
        pipeline = key
        type     = type
        at       = "pipelines[\"${key}\"].datasets[\"${type}\"]"
        domain   = p.domain
        name     = "${var.name}-${key}-${type}"
        prefix   = coalesce(d.prefix, "${key}/${type}/")
        # Whitespace counts in Personalize: one spelling for one schema.
        schema = try(jsonencode(jsondecode(d.schema)), d.schema)
        avro   = try(jsondecode(d.schema), null)
      }
    }
  ]...)

  _filters = merge([
    for key, p in local._pipelines : {
      for filter, expression in p.filters : "${key}/${filter}" => {
        pipeline = key
        at       = "pipelines[\"${key}\"].filters[\"${filter}\"]"
        name     = "${var.name}-${key}-${filter}"
        # A filter cannot be changed: a changed expression is another one, made beside the old one.
        full_name  = "${var.name}-${key}-${filter}-${substr(sha256(expression), 0, 8)}"
        expression = expression
      }
    }
  ]...)

  _solutions = merge([
    for key, p in local._pipelines : {
      for solution, s in p.solutions : "${key}/${solution}" => merge(s, {
        pipeline = key
        solution = solution
        at       = "pipelines[\"${key}\"].solutions[\"${solution}\"]"
        name     = "${var.name}-${key}-${solution}"
        # A recipe's ARN has no region and no account: arn:aws:personalize:::recipe/aws-sims
        recipe        = element(split("recipe/", s.recipe), length(split("recipe/", s.recipe)) - 1)
        campaign_name = s.campaign == null ? null : coalesce(s.campaign.name, "${var.name}-${key}-${solution}")
      })
    }
  ]...)

  _schedules = merge([
    for key, p in local._pipelines : {
      for schedule, s in p.schedules : "${key}/${schedule}" => merge(s, {
        pipeline = key
        at       = "pipelines[\"${key}\"].schedules[\"${schedule}\"]"
        name     = "${var.name}-${key}-${schedule}"
        # The solutions that this schedule trains.
        trains = s.what == "import" ? [] : s.solutions == null ? keys(p.solutions) : tolist(s.solutions)
      })
    }
  ]...)

  # Who has a name, for the checks that it is nobody else's: a look into these for each instance, and no search through all of them.
  _filter_names   = { for key, f in local._filters : f.full_name => f.at... }
  _solution_names = { for key, s in local._solutions : s.name => s.at... }

  # Prefix → the datasets whose files lie under it, too. In order, what begins with a prefix comes right after it.
  _prefix_users = { for key, d in local._datasets : d.prefix => d.at... }
  _prefixes     = keys(local._prefix_users)
  _crowded_prefixes = {
    for index, prefix in local._prefixes : prefix => concat(
      local._prefix_users[prefix],
      try(startswith(local._prefixes[index + 1], prefix) ? local._prefix_users[local._prefixes[index + 1]] : [], []),
    ) if length(local._prefix_users[prefix]) > 1 || try(startswith(local._prefixes[index + 1], prefix), false)
  }

  _campaigns     = { for key, s in local._solutions : key => s.campaign_name if s.campaign_name != null }
  _campaign_arns = { for key, name in local._campaigns : key => "${local._arn.personalize}:campaign/${name}" }
  _campaign_keys = { for key, name in local._campaigns : name => key... }

  _dataset_groups     = { for key in keys(local._pipelines) : key => "${var.name}-${key}" }
  _dataset_group_arns = { for key, name in local._dataset_groups : key => "${local._arn.personalize}:dataset-group/${name}" }
  _dataset_arns       = { for key, d in local._datasets : key => "${local._arn.personalize}:dataset/${local._dataset_groups[d.pipeline]}/${upper(d.type)}" }
}
