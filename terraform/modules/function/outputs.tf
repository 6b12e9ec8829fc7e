output "arn" {
  description = "The function's ARN."
  value       = aws_lambda_function.this.arn
}

output "environment" {
  description = "The function's environment variables."
  value       = var.environment
}

output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "policy" {
  description = "The role's policy, as JSON."
  value       = data.aws_iam_policy_document.this.json
}

output "role" {
  description = "The path of the function's role, and its boundary."
  value       = { path = aws_iam_role.this.path, permissions_boundary = aws_iam_role.this.permissions_boundary }
}

output "timeout" {
  description = "Seconds that one invocation may take."
  value       = aws_lambda_function.this.timeout
}
