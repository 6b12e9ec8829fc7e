variable "name" {
  description = "Begins the name of everything made here."
  type        = string
  default     = "recs"
}

variable "package" {
  description = "The released zip with the functions, in S3."
  type = object({
    s3_bucket         = string
    s3_key            = string
    s3_object_version = optional(string)
    source_code_hash  = optional(string)
  })
}

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-central-1"
}
