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
