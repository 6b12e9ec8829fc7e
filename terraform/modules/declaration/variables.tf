variable "given" {
  description = "The pipelines as they were written: with the keys that the type of `pipelines` drops."
  type        = any
  nullable    = false
}

variable "name" {
  description = "What begins the name of everything."
  type        = string
}

variable "pipelines" {
  description = "The pipelines; the fields are in the description of the variable of the same name of the module around this one."
  type = map(object({
    domain = optional(string)
    datasets = map(object({
      schema = string
      prefix = optional(string)
    }))
    event_tracker = optional(bool, false)
    filters       = optional(map(string), {})
    solutions = optional(map(object({
      recipe                     = string
      event_type                 = optional(string)
      hyperparameters            = optional(map(string), {})
      perform_hpo                = optional(bool, false)
      auto_training              = optional(bool, false)
      perform_incremental_update = optional(bool)
      solution_config = optional(object({
        auto_training_config = optional(object({
          scheduling_expression = string
        }))
        event_value_threshold = optional(string)
        events_config = optional(object({
          event_parameters_list = list(object({
            event_type            = string
            event_value_threshold = optional(number)
            weight                = optional(number)
          }))
        }))
        feature_transformation_parameters = optional(map(string))
        hpo_config = optional(object({
          algorithm_hyper_parameter_ranges = optional(object({
            categorical_hyper_parameter_ranges = optional(list(object({ name = string, values = list(string) })))
            continuous_hyper_parameter_ranges  = optional(list(object({ name = string, min_value = number, max_value = number })))
            integer_hyper_parameter_ranges     = optional(list(object({ name = string, min_value = number, max_value = number })))
          }))
          hpo_objective = optional(object({
            metric_name  = optional(string)
            metric_regex = optional(string)
            type         = optional(string)
          }))
          hpo_resource_config = optional(object({
            max_number_of_training_jobs = optional(string)
            max_parallel_training_jobs  = optional(string)
          }))
        }))
        optimization_objective = optional(object({
          item_attribute        = optional(string)
          objective_sensitivity = optional(string)
        }))
        training_data_config = optional(object({
          excluded_dataset_columns = optional(map(list(string)))
          included_dataset_columns = optional(map(list(string)))
        }))
      }), {})
      campaign = optional(object({
        name                = optional(string)
        adopt               = optional(bool, false)
        min_provisioned_tps = optional(number, 1)
        config = optional(object({
          enable_metadata_with_recommendations = optional(bool)
          item_exploration_config              = optional(map(string))
          ranking_influence                    = optional(map(number))
        }), {})
      }))
    })), {})
    schedules = optional(map(object({
      expression    = string
      timezone      = optional(string, "UTC")
      what          = optional(string, "everything")
      solutions     = optional(set(string))
      training_mode = optional(string, "FULL")
      force         = optional(bool, false)
      enabled       = optional(bool, true)
    })), {})
    retrain_on_upload = optional(object({
      enabled        = optional(bool, false)
      settle_seconds = optional(number, 300)
    }), {})
    deadlines = optional(object({
      import_hours  = optional(number, 24)
      train_hours   = optional(number, 72)
      deploy_hours  = optional(number, 12)
      stop_training = optional(bool, false)
    }), {})
  }))
  nullable = false

  validation {
    condition     = length(var.pipelines) > 0
    error_message = "pipelines: give at least one."
  }

  # What no apply could make, whatever else is in the region. All of these can be raised in Service Quotas.
  validation {
    condition     = length(var.pipelines) <= var.quotas.dataset_groups
    error_message = "pipelines: ${length(var.pipelines)} of them, each a dataset group, and the region allows ${var.quotas.dataset_groups}. Have the quota \"Dataset groups\" of Amazon Personalize raised in Service Quotas, then set quotas.dataset_groups."
  }

  validation {
    condition     = sum(concat([0], [for p in values(var.pipelines) : length(p.datasets)])) <= var.quotas.schemas
    error_message = "pipelines[…].datasets: ${sum(concat([0], [for p in values(var.pipelines) : length(p.datasets)]))} of them, each with a schema, and the region allows ${var.quotas.schemas}. Have the quota \"Schemas\" of Amazon Personalize raised in Service Quotas, then set quotas.schemas."
  }

  validation {
    condition     = alltrue([for p in values(var.pipelines) : length(p.solutions) <= var.quotas.solutions])
    error_message = "pipelines[…].solutions: a dataset group has at most ${var.quotas.solutions}. More in: ${join(", ", [for key, p in var.pipelines : "${key} (${length(p.solutions)})" if length(p.solutions) > var.quotas.solutions])}. Have the quota \"Active solutions per dataset group\" raised in Service Quotas, then set quotas.solutions."
  }

  validation {
    condition     = alltrue([for p in values(var.pipelines) : length([for s in values(p.solutions) : s if s.campaign != null]) <= var.quotas.campaigns])
    error_message = "pipelines[…].solutions[…].campaign: a dataset group has at most ${var.quotas.campaigns} campaigns. More in: ${join(", ", [for key, p in var.pipelines : "${key} (${length([for s in values(p.solutions) : s if s.campaign != null])})" if length([for s in values(p.solutions) : s if s.campaign != null]) > var.quotas.campaigns])}. Have the quota \"Active campaigns per dataset group\" raised in Service Quotas, then set quotas.campaigns."
  }

  validation {
    condition     = alltrue([for p in values(var.pipelines) : length(p.filters) <= var.quotas.filters])
    error_message = "pipelines[…].filters: a dataset group has at most ${var.quotas.filters}. More in: ${join(", ", [for key, p in var.pipelines : "${key} (${length(p.filters)})" if length(p.filters) > var.quotas.filters])}. Have the quota \"Active filters per dataset group\" raised in Service Quotas, then set quotas.filters."
  }

  validation {
    condition     = alltrue([for p in values(var.pipelines) : contains(range(901), p.retrain_on_upload.settle_seconds)])
    error_message = "pipelines[…].retrain_on_upload.settle_seconds: a whole number from 0 to 900, since SQS delays a message for 15 minutes at most. Wrong in: ${join(", ", [for key, p in var.pipelines : "${key} (${p.retrain_on_upload.settle_seconds})" if !contains(range(901), p.retrain_on_upload.settle_seconds)])}."
  }

  validation {
    condition = alltrue([
      for key in flatten([for key, p in var.pipelines : [key, keys(p.filters), keys(p.solutions), keys(p.schedules)]]) :
      can(regex("^[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$", key))
    ])
    error_message = "pipelines: the names of pipelines, filters, solutions and schedules hold letters, digits, hyphens and underscores, and begin and end with a letter or digit. Wrong: ${join(", ", [for key in flatten([for key, p in var.pipelines : [key, keys(p.filters), keys(p.solutions), keys(p.schedules)]]) : "\"${key}\"" if !can(regex("^[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$", key))])}."
  }

  # The longest of the names that a pipeline makes is that of the interactions' schema: "-interactions-" and eight digits.
  validation {
    condition     = alltrue([for key in keys(var.pipelines) : length(key) <= 63 - 23 - length(var.name)])
    error_message = "pipelines: beside the name \"${var.name}\", a pipeline's has at most ${63 - 23 - length(var.name)} characters. Longer: ${join(", ", [for key in keys(var.pipelines) : key if length(key) > 63 - 23 - length(var.name)])}."
  }

  validation {
    condition     = alltrue([for p in var.pipelines : p.domain == null ? true : contains(["ECOMMERCE", "VIDEO_ON_DEMAND"], p.domain)])
    error_message = "pipelines[…].domain: ECOMMERCE, VIDEO_ON_DEMAND, or left out for a Custom dataset group. Wrong in: ${join(", ", [for key, p in var.pipelines : key if p.domain == null ? false : !contains(["ECOMMERCE", "VIDEO_ON_DEMAND"], p.domain)])}."
  }

  validation {
    condition     = alltrue([for p in var.pipelines : contains(keys(p.datasets), "interactions")])
    error_message = "pipelines[…].datasets: interactions is missing in: ${join(", ", [for key, p in var.pipelines : key if !contains(keys(p.datasets), "interactions")])}. Nothing can be trained without it."
  }

  validation {
    condition     = alltrue([for p in var.pipelines : length(setsubtract(keys(p.datasets), ["interactions", "items", "users"])) == 0])
    error_message = "pipelines[…].datasets: the types are interactions, items and users. Wrong: ${join(", ", flatten([for key, p in var.pipelines : [for type in setsubtract(keys(p.datasets), ["interactions", "items", "users"]) : "pipelines[\"${key}\"].datasets[\"${type}\"]"]]))}."
  }

  # A message that waits is sent again after 15 minutes at most, so a deadline can't be kept more exactly than that.
  validation {
    condition     = alltrue([for p in var.pipelines : min(p.deadlines.import_hours, p.deadlines.train_hours, p.deadlines.deploy_hours) >= 0.25])
    error_message = "pipelines[…].deadlines: at least 0.25 hours each. Less in: ${join(", ", [for key, p in var.pipelines : key if min(p.deadlines.import_hours, p.deadlines.train_hours, p.deadlines.deploy_hours) < 0.25])}."
  }
}

variable "quotas" {
  description = "The most that there may be of each."
  type = object({
    dataset_groups = number
    schemas        = number
    solutions      = number
    campaigns      = number
    filters        = number
  })
}
