variable "description" {
  description = "What the function does."
  type        = string
}

variable "environment" {
  description = "Environment variables."
  type        = map(string)
}

variable "handler" {
  description = "The handler, as `module.function`."
  type        = string
}

variable "kms_key_arn" {
  description = "The key for the log group and the environment; null uses keys that AWS owns."
  type        = string
}

variable "log_retention_days" {
  description = "Days to keep the logs."
  type        = number
}

variable "memory_mb" {
  description = "Memory, in MB."
  type        = number
}

variable "name" {
  description = "Names the function and its log group."
  type        = string
}

variable "package" {
  description = "The zip, as in the root module."
  type = object({
    path              = optional(string)
    s3_bucket         = optional(string)
    s3_key            = optional(string)
    s3_object_version = optional(string)
    source_code_hash  = optional(string)
  })
}

variable "role" {
  description = "The role's name and path, and the boundary of what it may do."
  type = object({
    name                 = string
    path                 = string
    permissions_boundary = optional(string)
  })
}

variable "statements" {
  description = "What the role may do; `passed_to` is the service that a role may be passed to, `via` the one that a key may be used through."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
    passed_to = optional(string)
    via       = optional(string)
  }))
}

variable "tags" {
  description = "Tags for all of it."
  type        = map(string)
}

variable "timeout" {
  description = "Seconds that one invocation may take."
  type        = number
}
