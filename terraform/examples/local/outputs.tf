output "personalize" {
  description = "All that the module gives."
  value       = module.personalize
}
