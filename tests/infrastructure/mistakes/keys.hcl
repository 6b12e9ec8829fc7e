run "mistakes" {
  command = plan

  variables {
    pipelines = {
      movies = merge(run.fixtures.pipeline, {
        eventTracker       = true
        retrain_on_uploads = { enabled = true }
        retrain_on_upload  = { enabled = true, settleSeconds = 60 }
        schedule           = {}
        deadlines          = { train_hour = 100 }
        datasets           = merge(run.fixtures.pipeline.datasets, { interactions = merge(run.fixtures.pipeline.datasets.interactions, { s3_path = "movies/" }) })
        schedules          = { nightly = { expression = "rate(1 day)", timeZone = "Europe/Paris" } }
        solutions = {
          for-you = {
            recipe     = "aws-user-personalization"
            performHPO = true
            campaing   = {}
            campaign   = { minProvisionedTPS = 10, config = { itemExplorationConfig = { explorationWeight = "0.3" } } }
            solution_config = {
              auto_training_config   = { scheduling_expression = "rate(7 days)", schedulingExpresion = "rate(7 days)" }
              optimization_objective = { itemAttribute = "PRICE" }
              training_data_config   = { excludedDatasetColumns = {} }
              events_config          = { event_parameters_list = [{ event_type = "watch" }, { event_type = "buy", wieght = 1 }] }
              hpoConfig              = {}
              hpo_config = {
                hpo_resource_config              = { maxNumberOfTrainingJobs = "4" }
                algorithm_hyper_parameter_ranges = { integer_hyper_parameter_ranges = [{ name = "bptt", min_value = 2, max_value = 32, step = 1 }] }
              }
            }
          }
          popular = { recipe = "aws-popularity-count", min_provisioned_tps = 2 }
          lost    = { recpie = "aws-sims" }
        }
      })
    }
  }
}
