output "campaign_arns" {
  description = "What the site asks for recommendations, by pipeline and solution."
  value       = module.personalize.campaign_arns
}

output "tracking_ids" {
  description = "What the site sends events with, by pipeline."
  value       = module.personalize.tracking_ids
}

output "upload_prefixes" {
  description = "Where the data platform uploads, by pipeline and dataset type."
  value       = module.personalize.upload_prefixes
}
