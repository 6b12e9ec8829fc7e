# CreateSolution's solutionConfig in the API's spelling, without what is not set.
# https://docs.aws.amazon.com/personalize/latest/dg/API_SolutionConfig.html

locals {
  _solution_configs = {
    for key, config in local._full_solution_configs : key => { for field, value in config : field => value if value != null }
  }

  _full_solution_configs = {
    for key, s in local._solutions : key => {
      algorithmHyperParameters        = length(s.hyperparameters) == 0 ? null : s.hyperparameters
      eventValueThreshold             = s.solution_config.event_value_threshold
      featureTransformationParameters = s.solution_config.feature_transformation_parameters
      autoTrainingConfig = s.solution_config.auto_training_config == null ? null : {
        schedulingExpression = s.solution_config.auto_training_config.scheduling_expression
      }
      eventsConfig = s.solution_config.events_config == null ? null : {
        eventParametersList = [
          for event in s.solution_config.events_config.event_parameters_list : {
            for field, value in {
              eventType           = event.event_type
              eventValueThreshold = event.event_value_threshold
              weight              = event.weight
            } : field => value if value != null
          }
        ]
      }
      hpoConfig = s.solution_config.hpo_config == null ? null : {
        for field, value in local._hpo_configs[key] : field => value if value != null
      }
      optimizationObjective = s.solution_config.optimization_objective == null ? null : {
        for field, value in {
          itemAttribute        = s.solution_config.optimization_objective.item_attribute
          objectiveSensitivity = s.solution_config.optimization_objective.objective_sensitivity
        } : field => value if value != null
      }
      trainingDataConfig = s.solution_config.training_data_config == null ? null : {
        for field, value in {
          excludedDatasetColumns = s.solution_config.training_data_config.excluded_dataset_columns
          includedDatasetColumns = s.solution_config.training_data_config.included_dataset_columns
        } : field => value if value != null
      }
    }
  }

  _hpo_configs = {
    for key, s in local._solutions : key => {
      algorithmHyperParameterRanges = s.solution_config.hpo_config.algorithm_hyper_parameter_ranges == null ? null : {
        for field, value in {
          categoricalHyperParameterRanges = s.solution_config.hpo_config.algorithm_hyper_parameter_ranges.categorical_hyper_parameter_ranges
          continuousHyperParameterRanges = try([
            for range in s.solution_config.hpo_config.algorithm_hyper_parameter_ranges.continuous_hyper_parameter_ranges :
            { name = range.name, minValue = range.min_value, maxValue = range.max_value }
          ], null)
          integerHyperParameterRanges = try([
            for range in s.solution_config.hpo_config.algorithm_hyper_parameter_ranges.integer_hyper_parameter_ranges :
            { name = range.name, minValue = range.min_value, maxValue = range.max_value }
          ], null)
        } : field => value if value != null
      }
      hpoResourceConfig = s.solution_config.hpo_config.hpo_resource_config == null ? null : {
        for field, value in {
          maxNumberOfTrainingJobs = s.solution_config.hpo_config.hpo_resource_config.max_number_of_training_jobs
          maxParallelTrainingJobs = s.solution_config.hpo_config.hpo_resource_config.max_parallel_training_jobs
        } : field => value if value != null
      }
    } if s.solution_config.hpo_config != null
  }
}
