variable "name" {
  description = "Begins the name of everything made here."
  type        = string
  default     = "demo"
}

variable "package" {
  description = "The zip with the functions; `make package` builds it."
  type        = string
  default     = "../../../build/package.zip"
}

variable "poll_floor_seconds" {
  description = "The shortest wait between two looks at a resource."
  type        = number
  default     = 1
}

variable "quotas" {
  description = "How many imports and trainings may be under way at a time, where it is to be less than the account has."
  type        = map(number)
  default     = {}
}

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-west-1"
}

variable "settle_seconds" {
  description = "How long to wait for more files after one was uploaded."
  type        = number
  default     = 5
}

variable "typical_minutes" {
  description = "How long what Personalize makes takes: seconds here, and minutes to an hour on AWS, where the defaults fit."
  type        = map(number)
  default     = { import_job = 0.05, solution_version = 0.05, campaign = 0.05, filter = 0.05 }
}
