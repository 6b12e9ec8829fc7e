run "mistakes" {
  command = plan

  variables {
    pipelines = {
      movies = merge(run.fixtures.pipeline, {
        filters = {}
        solutions = {
          misspelt = { recipe = "aws-user-personalisation" }
          video    = { recipe = "aws-vod-top-picks" }
          segments = { recipe = "aws-item-affinity", campaign = {} }
          first    = { recipe = "aws-sims", campaign = { name = "front-page" } }
          explorer = { recipe = "aws-user-personalization-v2", campaign = { config = { item_exploration_config = { explorationWeight = "0.2" } } } }
          tuned    = { recipe = "aws-sims", perform_hpo = true, solution_config = { hpo_config = { hpo_objective = { type = "Maximize" } } } }
          idle     = { recipe = "aws-sims", campaign = { min_provisioned_tps = 0 } }
        }
      })
      books = merge(run.fixtures.pipeline, {
        filters   = {}
        solutions = { second = { recipe = "aws-sims", campaign = { name = "front-page" } } }
      })
    }
  }
}
