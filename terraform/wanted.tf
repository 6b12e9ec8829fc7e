# What glue is asked for: every resource as the input of its call, without the protection, and each pipeline's together.

locals {
  # Apart, since it changes nothing of what is there: only when something goes is it asked for.
  _protection = { deletion_protection = var.deletion_protection }

  _wanted_groups = {
    for key, p in local._pipelines : key => {
      resource = "dataset_group"
      arn      = local._dataset_group_arns[key]
      request = {
        for parameter, value in {
          name      = local._dataset_groups[key]
          domain    = p.domain
          kmsKeyArn = var.kms_key_arn
          roleArn   = var.kms_key_arn == null ? null : local._service_role_arn
        } : parameter => value if value != null
      }
      tags = var.tags
    }
  }

  _wanted_datasets = {
    for key, d in local._datasets : key => {
      resource = "dataset"
      request = {
        name            = d.name
        datasetGroupArn = local._dataset_group_arns[d.pipeline]
        datasetType     = d.type
      }
      schema = local._schemas[key]
      tags   = var.tags
    }
  }

  _wanted_trackers = {
    for key, p in local._pipelines : key => {
      resource = "event_tracker"
      request  = { name = local._dataset_groups[key], datasetGroupArn = local._dataset_group_arns[key] }
      tags     = var.tags
    } if p.event_tracker
  }

  _wanted_filters = {
    for key, f in local._filters : key => {
      resource = "filter"
      name     = f.name
      pipeline = f.pipeline
      request = {
        name             = f.full_name
        datasetGroupArn  = local._dataset_group_arns[f.pipeline]
        filterExpression = f.expression
      }
      tags = var.tags
    }
  }

  _wanted_solutions = {
    for key, s in local._solutions : key => {
      resource     = "solution"
      name         = s.name
      pipeline     = s.pipeline
      campaign_arn = s.campaign_name == null ? null : "${local._arn.personalize}:campaign/${s.campaign_name}"
      request = {
        for parameter, value in {
          datasetGroupArn          = local._dataset_group_arns[s.pipeline]
          recipeArn                = "arn:${local._partition}:personalize:::recipe/${s.recipe}"
          eventType                = s.event_type
          performHPO               = s.perform_hpo
          performAutoTraining      = s.auto_training
          performIncrementalUpdate = s.perform_incremental_update
          solutionConfig           = length(local._solution_configs[key]) == 0 ? null : local._solution_configs[key]
        } : parameter => value if value != null
      }
      tags = var.tags
    }
  }

  # By name. (Two of one name are told by a precondition of their solutions; here the first counts.)
  _wanted_campaigns = {
    for name, keys in local._campaign_keys : name => {
      resource = "campaign"
      name     = var.name
      pipeline = local._solutions[keys[0]].pipeline
      solution = local._solutions[keys[0]].solution
      adopt    = local._solutions[keys[0]].campaign.adopt
      request  = { campaignArn = local._campaign_arns[keys[0]] }
      # What a run reads of it; functions/model.py has the same shape.
      spec = {
        name                = name
        arn                 = local._campaign_arns[keys[0]]
        min_provisioned_tps = local._solutions[keys[0]].campaign.min_provisioned_tps
        adopt               = local._solutions[keys[0]].campaign.adopt
        config = {
          for field, value in {
            enableMetadataWithRecommendations = local._solutions[keys[0]].campaign.config.enable_metadata_with_recommendations
            itemExplorationConfig             = local._solutions[keys[0]].campaign.config.item_exploration_config
            rankingInfluence                  = local._solutions[keys[0]].campaign.config.ranking_influence
          } : field => value if value != null
        }
      }
    }
  }

  # As JSON, since they are of different types.
  _wanted = {
    for key, p in local._pipelines : key => merge(
      { dataset_group = jsonencode(local._wanted_groups[key]) },
      { for type in keys(p.datasets) : "dataset/${type}" => jsonencode(local._wanted_datasets["${key}/${type}"]) },
      p.event_tracker ? { event_tracker = jsonencode(local._wanted_trackers[key]) } : {},
      { for filter in keys(p.filters) : "filter/${filter}" => jsonencode(local._wanted_filters["${key}/${filter}"]) },
      { for solution in keys(p.solutions) : "solution/${solution}" => jsonencode(local._wanted_solutions["${key}/${solution}"]) },
      {
        for solution in keys(p.solutions) : "campaign/${solution}" => jsonencode(local._wanted_campaigns[local._campaigns["${key}/${solution}"]])
        if can(local._campaigns["${key}/${solution}"])
      },
    )
  }

  # What glue answered, by pipeline and by the keys above.
  _made = { for key, answer in aws_lambda_invocation.ready : key => jsondecode(answer.result) }
}

# The provider keeps the new input of an update that failed, so a next plan would find nothing to do:
# https://github.com/hashicorp/terraform-provider-aws/issues/43447. This call, made whenever one of the inputs changes and made again
# after it failed, asks glue for all of the pipeline once more, in its order; where all is well, glue finds nothing to do. Of filters it only asks which
# they are: what is lacking is made by the next run.
resource "aws_lambda_invocation" "ready" {
  for_each      = local._keys.pipelines
  function_name = local._glue
  input = jsonencode({
    resource  = "ready"
    arn       = local._dataset_group_arns[each.key]
    pipeline  = each.key
    resources = { for key, wanted in local._wanted[each.key] : key => jsondecode(wanted) }
  })

  depends_on = [local._after_campaigns]
}
