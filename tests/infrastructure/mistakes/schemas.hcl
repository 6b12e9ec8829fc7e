run "mistakes" {
  command = plan

  variables {
    pipelines = {
      broken = { datasets = { interactions = { schema = "{" } } }
      named = { datasets = { interactions = {
        schema = jsonencode(merge(run.fixtures.interactions, { name = "Clicks" }))
      } } }
      short = { datasets = { interactions = {
        schema = jsonencode(merge(run.fixtures.interactions, { fields = slice(run.fixtures.interactions.fields, 0, 2) }))
      } } }
      typed = { datasets = { interactions = {
        schema = jsonencode(merge(run.fixtures.interactions, { fields = concat(
          slice(run.fixtures.interactions.fields, 0, 2), [{ name = "TIMESTAMP", type = "string" }]
        ) }))
      } } }
      shop = merge(run.fixtures.pipeline, { domain = "ECOMMERCE" })
    }
  }
}
