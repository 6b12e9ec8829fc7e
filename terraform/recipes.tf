# Amazon Personalize's recipes: https://docs.aws.amazon.com/personalize/latest/dg/working-with-predefined-recipes.html

locals {
  # A segmentation recipe makes batch segments and has no campaign; `updates` says that it can be trained with UPDATE.
  _recipes = {
    "aws-item-affinity"           = { segments = true, updates = false, needs = [] }
    "aws-item-attribute-affinity" = { segments = true, updates = false, needs = ["items"] }
    "aws-next-best-action"        = { segments = false, updates = false, needs = ["actions", "action-interactions"] }
    "aws-personalized-ranking"    = { segments = false, updates = false, needs = [] }
    "aws-personalized-ranking-v2" = { segments = false, updates = false, needs = [] }
    "aws-popularity-count"        = { segments = false, updates = false, needs = [] }
    "aws-semantic-similarity"     = { segments = false, updates = false, needs = ["items"] }
    "aws-similar-items"           = { segments = false, updates = false, needs = [] }
    "aws-sims"                    = { segments = false, updates = false, needs = [] }
    "aws-trending-now"            = { segments = false, updates = false, needs = [] }
    "aws-user-personalization"    = { segments = false, updates = true, needs = [] }
    "aws-user-personalization-v2" = { segments = false, updates = false, needs = [] }
  }

  # Recipes of Domain dataset groups: they make recommenders, never solutions.
  _domain_recipes = [
    "aws-ecomm-customers-who-viewed-x-also-viewed", "aws-ecomm-frequently-bought-together",
    "aws-ecomm-popular-items-by-purchases", "aws-ecomm-popular-items-by-views", "aws-ecomm-recommended-for-you",
    "aws-vod-because-you-watched-x", "aws-vod-more-like-x", "aws-vod-most-popular", "aws-vod-top-picks", "aws-vod-trending-now",
  ]
}
