output "json" {
  description = "The whole policy, for a role's inline policy (10,240 characters)."
  value       = jsonencode({ Version = "2012-10-17", Statement = local._statements })
}

output "documents" {
  description = "The same as two documents, for managed policies (6,144 characters each)."
  value = [
    for half in [0, 1] : jsonencode({
      Version   = "2012-10-17"
      Statement = [for i, statement in local._statements : statement if i % 2 == half]
    })
  ]
}
