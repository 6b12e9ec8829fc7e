output "bucket_policy" {
  description = "What the bucket's owner adds to its policy."
  value       = module.personalize.bucket_policy
}

output "event_bus" {
  description = "The bus to ask for a run on, and to hear of its outcome."
  value       = module.personalize.event_bus
}
