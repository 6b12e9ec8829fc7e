output "pipelines" {
  description = "The pipelines, with a value for everything that has a default."
  value       = var.pipelines
}

# What is wrong with it is told by outputs of their own: of one kind of mistake even where there are others, too.

output "filters" {
  description = "True: the filters are what they can be, as far as plan can tell."
  value       = true

  precondition {
    condition     = length(local.mistakes_in_filters) == 0
    error_message = join("\n", local.mistakes_in_filters)
  }
}

output "schedules" {
  description = "True: EventBridge Scheduler takes the expressions and the time zones."
  value       = true

  precondition {
    condition     = length(local.mistakes_in_schedules) == 0
    error_message = join("\n", local.mistakes_in_schedules)
  }
}

output "schemas" {
  description = "True: Personalize takes the schemas."
  value       = true

  precondition {
    condition     = length(local.mistakes_in_schemas) == 0
    error_message = join("\n", local.mistakes_in_schemas)
  }
}

output "solutions" {
  description = "True: what the solutions set is what their recipes, and the schemas, have."
  value       = true

  precondition {
    condition     = length(local.mistakes_in_solutions) == 0
    error_message = join("\n", local.mistakes_in_solutions)
  }
}

output "spelling" {
  description = "True: all keys are known."
  value       = true

  precondition {
    condition     = length(local.unknown) == 0
    error_message = join("\n", local.unknown)
  }
}
