output "pipelines" {
  description = "The pipelines, with a value for everything that has a default."
  value       = var.pipelines
}

# An output of its own: it is told of even where the pipelines cannot be read, as where the misspelt key is a required one.
output "spelling" {
  description = "True: all keys are known."
  value       = true

  precondition {
    condition     = length(local.unknown) == 0
    error_message = join("\n", local.unknown)
  }
}
