run "mistakes" {
  command = plan

  variables {
    pipelines = {
      movies     = merge(run.fixtures.pipeline, { domain = "NEWS" })
      "my books" = run.fixtures.pipeline
      reads      = { datasets = { items = run.fixtures.pipeline.datasets.items }, deadlines = { import_hours = 0 } }
      actions    = { datasets = merge(run.fixtures.pipeline.datasets, { actions = run.fixtures.pipeline.datasets.items }) }
    }
  }
}
