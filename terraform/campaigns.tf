# Campaigns are made by runs, and taken down by Terraform through glue. Each is a resource of its own: one that is taken out of the
# declaration is destroyed, and where that is refused, it stays in the state and is refused again by every apply.

locals {
  _campaign_arns = { for key, name in local._campaigns : key => "${local._arn.personalize}:campaign/${name}" }

  # By name, which is unique: a campaign that moves from one solution to another stays the same. (Two of one name are told by a
  # precondition of their solutions; here the first counts.)
  _campaign_keys   = { for key, name in local._campaigns : name => key... }
  _named_campaigns = { for name, keys in local._campaign_keys : name => merge(local._solutions[keys[0]], { key = keys[0] }) }

  _campaign_configs = {
    for key in keys(local._campaigns) : key => {
      for field, value in {
        enableMetadataWithRecommendations = local._solutions[key].campaign.config.enable_metadata_with_recommendations
        itemExplorationConfig             = local._solutions[key].campaign.config.item_exploration_config
        rankingInfluence                  = local._solutions[key].campaign.config.ranking_influence
      } : field => value if value != null
    }
  }
}

resource "terraform_data" "campaign_home" {
  for_each         = local._named_campaigns
  triggers_replace = aws_cloudcontrolapi_resource.dataset_group[each.value.pipeline].id
}

resource "aws_lambda_invocation" "campaign" {
  for_each        = local._named_campaigns
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input = jsonencode({
    resource            = "campaign"
    deletion_protection = var.deletion_protection
    name                = var.name
    adopt               = each.value.campaign.adopt
    request             = { campaignArn = local._campaign_arns[each.value.key] }
  })

  # Destroyed before its solution. No create_before_destroy: that would reach the dataset group, which can't have two of a name.
  depends_on = [module.glue, aws_lambda_invocation.solution_ready]

  lifecycle {
    replace_triggered_by = [terraform_data.campaign_home[each.key]]
  }
}

# As with datasets: an update that failed is asked for again by the next apply.
resource "aws_lambda_invocation" "campaign_ready" {
  for_each      = local._named_campaigns
  function_name = local._glue
  input         = aws_lambda_invocation.campaign[each.key].input
}

# What a run reads of it; functions/model.py has the same shape. It depends on the campaign, so that it is destroyed first: a run
# that is under way then finds the campaign declared no more, and does not make again what is being deleted. Under another name it
# is another item, since one that is only changed would be changed after the old campaign was deleted.
resource "aws_dynamodb_table_item" "campaign" {
  for_each   = { for key, name in local._campaigns : "${key}/${name}" => merge(local._solutions[key], { key = key }) }
  table_name = aws_dynamodb_table.ledger.name
  hash_key   = aws_dynamodb_table.ledger.hash_key
  range_key  = aws_dynamodb_table.ledger.range_key
  item = jsonencode({
    pk = { S = "campaign#${each.value.pipeline}" }
    sk = { S = "${each.value.solution}/${each.value.campaign_name}" }
    spec = {
      S = jsonencode({
        name                = each.value.campaign_name
        arn                 = local._campaign_arns[each.value.key]
        min_provisioned_tps = each.value.campaign.min_provisioned_tps
        config              = local._campaign_configs[each.value.key]
        adopt               = each.value.campaign.adopt
      })
    }
  })

  depends_on = [aws_lambda_invocation.campaign_ready, module.step]
}

# Destroyed before that: with deletion protection on, the removal is refused while runs still know of the campaign, and move it.
resource "aws_lambda_invocation" "campaign_guard" {
  for_each        = local._named_campaigns
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input = jsonencode({
    resource            = "guard"
    name                = "campaign ${each.key}"
    deletion_protection = var.deletion_protection
  })

  depends_on = [module.glue, aws_dynamodb_table_item.campaign]
}
