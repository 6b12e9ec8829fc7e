variable "bucket_name" {
  description = "As in the root module: a bucket that exists, which Terraform then leaves alone."
  type        = string
  default     = null
}

variable "event_bus_name" {
  description = "As in the root module."
  type        = string
  default     = "default"
  nullable    = false
}

variable "force_destroy" {
  description = "As in the root module: destroying empties the bucket, too."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "As in the root module."
  type        = string
  default     = null
}

variable "name" {
  description = "The name of the deployment, as in the root module."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,16}[a-z0-9])?$", var.name))
    error_message = "name: 1 to 18 lower-case letters, digits and hyphens, as in the root module."
  }
}

variable "package_object" {
  description = "Bucket and key of the zip where it lies in S3, as `bucket/key`. Null where it is a local file."
  type        = string
  default     = null

  validation {
    condition     = var.package_object == null || can(regex("^[a-z0-9][a-z0-9.-]+/.+$", var.package_object))
    error_message = "package_object: write it as bucket/key, without s3://."
  }
}

variable "permissions_boundary" {
  description = "As in the root module: roles can then be made with this boundary only."
  type        = string
  default     = null
}

variable "role_path" {
  description = "As in the root module."
  type        = string
  default     = "/"
  nullable    = false
}
