run "mistakes" {
  command = plan

  variables {
    pipelines = {
      movies = merge(run.fixtures.pipeline, {
        schedules = {
          unknown = { expression = "rate(1 day)", solutions = ["for-me"] }
          update  = { expression = "rate(1 day)", training_mode = "UPDATE" }
          nothing = { expression = "rate(1 day)", what = "retrain" }
        }
      })
    }
  }
}
