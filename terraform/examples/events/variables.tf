variable "bucket_name" {
  description = "The bucket that holds the data."
  type        = string
}

variable "name" {
  description = "Begins the name of everything made here, and names the bus."
  type        = string
  default     = "articles"
}

variable "package" {
  description = "The zip with the functions; `make package` builds it."
  type        = string
  default     = "../../../build/package.zip"
}

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-west-1"
}
