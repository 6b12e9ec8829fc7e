# Amazon Personalize's recipes: https://docs.aws.amazon.com/personalize/latest/dg/working-with-predefined-recipes.html

locals {
  # A segmentation recipe makes batch segments and has no campaign; `updates` says that it can be trained with UPDATE.
  # `takes` has the recipe's share of the settings that not every recipe takes (`_settings_of_recipes`). Where the
  # documentation limits a setting to some recipes:
  # events_config               https://docs.aws.amazon.com/personalize/latest/dg/optimizing-solution-events-config.html
  # item_exploration_config     https://docs.aws.amazon.com/personalize/latest/dg/API_CampaignConfig.html
  # optimization_objective      https://docs.aws.amazon.com/personalize/latest/dg/optimizing-solution-for-objective.html
  # perform_hpo                 https://docs.aws.amazon.com/personalize/latest/dg/customizing-solution-config-hpo.html: the v2
  #                             recipes are tuned by automatic training, and in no other way. Of what a segmentation recipe's page
  #                             lists nothing can be tuned
  # perform_incremental_update  https://docs.aws.amazon.com/personalize/latest/dg/API_CreateSolution.html
  # Nothing limits ranking_influence (API_CampaignConfig); only the page of aws-semantic-similarity speaks of it.
  _recipes = {
    "aws-item-affinity"           = { segments = true, updates = false, needs = [], takes = [] }
    "aws-item-attribute-affinity" = { segments = true, updates = false, needs = ["items"], takes = [] }
    "aws-next-best-action"        = { segments = false, updates = false, needs = ["actions", "action-interactions"], takes = ["perform_hpo"] }
    "aws-personalized-ranking"    = { segments = false, updates = false, needs = [], takes = ["optimization_objective", "perform_hpo"] }
    "aws-personalized-ranking-v2" = { segments = false, updates = false, needs = [], takes = ["events_config"] }
    "aws-popularity-count"        = { segments = false, updates = false, needs = [], takes = ["perform_hpo"] }
    "aws-semantic-similarity"     = { segments = false, updates = false, needs = ["items"], takes = ["perform_hpo", "perform_incremental_update"] }
    "aws-similar-items"           = { segments = false, updates = false, needs = [], takes = ["perform_hpo"] }
    "aws-sims"                    = { segments = false, updates = false, needs = [], takes = ["perform_hpo"] }
    "aws-trending-now"            = { segments = false, updates = false, needs = [], takes = ["perform_hpo"] }
    "aws-user-personalization"    = { segments = false, updates = true, needs = [], takes = ["item_exploration_config", "optimization_objective", "perform_hpo"] }
    "aws-user-personalization-v2" = { segments = false, updates = false, needs = [], takes = ["events_config"] }
  }

  # Recipes of Domain dataset groups: they make recommenders, never solutions.
  _domain_recipes = [
    "aws-ecomm-customers-who-viewed-x-also-viewed", "aws-ecomm-frequently-bought-together",
    "aws-ecomm-popular-items-by-purchases", "aws-ecomm-popular-items-by-views", "aws-ecomm-recommended-for-you",
    "aws-vod-because-you-watched-x", "aws-vod-more-like-x", "aws-vod-most-popular", "aws-vod-top-picks", "aws-vod-trending-now",
  ]

  # Of the settings that not every recipe takes: where each solution's declaration has it, if it has it.
  _settings_of_recipes = {
    for key, s in local._solutions : key => {
      for setting, given in {
        events_config              = { at = "solution_config.events_config", set = s.solution_config.events_config != null }
        item_exploration_config    = { at = "campaign.config.item_exploration_config", set = try(length(s.campaign.config.item_exploration_config) > 0, false) }
        optimization_objective     = { at = "solution_config.optimization_objective", set = s.solution_config.optimization_objective != null }
        perform_hpo                = { at = "perform_hpo", set = s.perform_hpo }
        perform_incremental_update = { at = "perform_incremental_update", set = coalesce(s.perform_incremental_update, false) }
      } : setting => given.at if given.set
    }
  }

  # The first of them that a solution's recipe does not take.
  _not_taken = {
    for key, settings in local._settings_of_recipes : key => try(sort(setsubtract(keys(settings), local._recipes[local._solutions[key].recipe].takes))[0], null)
  }
}
