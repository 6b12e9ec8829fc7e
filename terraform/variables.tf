variable "alarms" {
  description = <<-EOT
    CloudWatch alarms on the dead-letter queues: one fires as soon as a message lies there. Null makes none.
    - `actions`: the ARNs to tell when an alarm fires and when it is over, such as an SNS topic's.
  EOT
  type        = map(set(string))
  default     = null

  validation {
    condition     = length(setsubtract(keys(coalesce(var.alarms, {})), local._fields.alarms)) == 0
    error_message = "alarms: there is no ${join(", ", [for key in setsubtract(keys(coalesce(var.alarms, {})), local._fields.alarms) : "\"${key}\""])} here; it takes ${join(", ", local._fields.alarms)}."
  }

  validation {
    condition     = alltrue([for arn in flatten(values(coalesce(var.alarms, {}))) : startswith(arn, "arn:")])
    error_message = "alarms.actions: every entry is an ARN, such as that of an SNS topic."
  }
}

variable "bucket_name" {
  description = <<-EOT
    An S3 bucket that exists and holds the data. Null makes one, named `<name>-<account>-<region>-data`.
    A bucket that exists is left as it is: its owner adds the statements in the output `bucket_policy`, and turns on
    EventBridge notifications where a pipeline retrains on upload. Name its KMS key, where it has one, in `data_kms_key_arns`.
    Roles may read the datasets' folders there; where a policy would be too long for IAM, the first folders of their paths,
    and where that is too long, too, the bucket.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name: not the name of an S3 bucket; give the name alone, without s3:// and without a path."
  }
}

variable "data_kms_key_arns" {
  description = <<-EOT
    The KMS keys of a data bucket that exists, where its files are encrypted with others than `kms_key_arn`. Whoever reads the
    files may decrypt with them; nothing else is encrypted with them, and dataset groups stay as they are. The keys' owner adds
    the statements in the output `data_key_policy`, once the roles that it names are there.
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.data_kms_key_arns : can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", arn))])
    error_message = "data_kms_key_arns: give the ARNs of keys (arn:aws:kms:<region>:<account>:key/<id>), not of aliases. Wrong: ${join(", ", [for arn in var.data_kms_key_arns : arn if !can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", arn))])}."
  }
}

variable "deletion_protection" {
  description = <<-EOT
    Refuse to destroy the pipelines, a dataset, an event tracker, a solution, a campaign or the run ledger. To take something
    down, first apply with false while it is still declared, then remove it.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "event_bus_name" {
  description = <<-EOT
    The EventBridge bus for the team's own events: a run's outcome is put there, and an event there with the detail-type
    "Personalize retrain requested" starts a run. S3's events always arrive on the default bus.
  EOT
  type        = string
  default     = "default"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9._-]{1,256}$", var.event_bus_name))
    error_message = "event_bus_name: give the name of the bus, not its ARN."
  }
}

variable "force_destroy" {
  description = "Let `terraform destroy` delete the data bucket with all the files in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "function_memory_mb" {
  description = "Memory of each function, in MB. Processor time, and so the cold start, grows with it."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.function_memory_mb >= 128 && var.function_memory_mb <= 10240
    error_message = "function_memory_mb: Lambda takes 128 to 10240."
  }
}

variable "kms_key_arn" {
  description = <<-EOT
    A customer-managed KMS key for everything at rest: bucket, queues, ledger, logs, the functions' environments, schedules and
    the dataset groups. Its policy must let the services in; `examples/complete` has one that does. Null uses keys that AWS
    owns. A dataset group takes its key once: a change is refused, and what is there stays.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn: give the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not of an alias."
  }
}

variable "log_retention_days" {
  description = "Days to keep the functions' logs."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days
    )
    error_message = "log_retention_days: CloudWatch takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "maximum_concurrency" {
  description = <<-EOT
    How many instances of one step's function may work its queue at the same time. There are seven steps, and a new account runs
    10 functions at once, all together, Terraform's calls included. What is beyond is throttled; a message that is throttled for
    ten visibility timeouts in a row (90 minutes) goes to the dead letters, and the provider asks again for what Terraform was
    refused (`max_retries`). Raise it where the account has more and many pipelines start at the same minute. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
  EOT
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.maximum_concurrency >= 2 && var.maximum_concurrency <= 1000
    error_message = "maximum_concurrency: an SQS event source mapping takes 2 to 1000."
  }
}

variable "name" {
  description = "Begins the name of everything made here, so an account can hold several. At most 18 characters: lower-case letters, digits, hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,16}[a-z0-9])?$", var.name))
    error_message = "name: 1 to 18 lower-case letters, digits and hyphens, beginning with a letter and not ending in a hyphen. Longer ones would not fit into the 63 characters of an import job's name."
  }
}

variable "noncurrent_version_days" {
  description = "Days after which a replaced or deleted file's old version leaves the data bucket. Null keeps them all."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_version_days == null || try(var.noncurrent_version_days >= 1, false)
    error_message = "noncurrent_version_days: at least 1, or null to keep all versions."
  }
}

variable "package" {
  description = <<-EOT
    The zip with the functions: a local file, or an object in S3 in this region.
    - `path`: a file on this machine. Its content's hash is watched.
    - `s3_bucket`, `s3_key`: the object's bucket and key.
    - `s3_object_version`: the object's version, if its bucket has versions.
    - `source_code_hash`: base64 of the object's SHA-256. A change of it deploys the object again under the same key.
  EOT
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.package), local._fields.package)) == 0
    error_message = "package: there is no ${join(", ", [for key in setsubtract(keys(var.package), local._fields.package) : "\"${key}\""])} here; it takes ${join(", ", local._fields.package)}."
  }

  validation {
    condition     = try(var.package.path != null, false) != try(var.package.s3_bucket != null && var.package.s3_key != null, false)
    error_message = "package: give either path, or s3_bucket and s3_key."
  }

  validation {
    condition     = try(var.package.path, null) == null || try(fileexists(var.package.path), false)
    error_message = "package.path: there is no such file; `make package` builds it."
  }
}

variable "permissions_boundary" {
  description = "The ARN of the policy that bounds every role made here, where the company asks for one. Null sets none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[^:]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary: give the ARN of a policy (arn:aws:iam::<account>:policy/<name>)."
  }
}

variable "poll_floor_seconds" {
  description = "The shortest wait between two looks at a resource that is under way. The longest is 15 minutes."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.poll_floor_seconds >= 1 && var.poll_floor_seconds <= 900
    error_message = "poll_floor_seconds: 1 to 900, since SQS delays a message for 15 minutes at most."
  }
}

variable "quotas" {
  description = <<-EOT
    What the account may have in the region; the defaults are Personalize's own. Give less where others use the region as well,
    and more once Service Quotas has granted it. https://docs.aws.amazon.com/personalize/latest/dg/limits.html
    - `imports`, `trainings`: import jobs and solution versions of all pipelines together that may be pending or in progress. What
      is beyond waits in line, and begins when a slot is free. Default 5 and 20.
    - `dataset_groups`, `schemas`: pipelines, and their datasets, at most. Default 5 and 500. What a declaration exceeds by itself
      is refused at plan.
    - `solutions`, `campaigns`, `filters`: in one pipeline at most. Default 10, 5 and 30. Refused at plan, too.
  EOT
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.quotas), local._fields.quotas)) == 0
    error_message = "quotas: there is no ${join(", ", [for key in setsubtract(keys(var.quotas), local._fields.quotas) : "\"${key}\""])} here; it takes ${join(", ", local._fields.quotas)}."
  }

  validation {
    condition     = alltrue([for slots in values(var.quotas) : slots == null ? true : slots >= 1 && floor(slots) == slots])
    error_message = "quotas: whole numbers from 1 on. Wrong: ${join(", ", [for key, slots in var.quotas : "${key} = ${slots}" if slots == null ? false : slots < 1 || floor(slots) != slots])}."
  }
}

variable "role_path" {
  description = "The path of every role made here, such as `/teams/search/`."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.role_path)) && length(var.role_path) <= 512
    error_message = "role_path: begin and end it with a slash, such as /teams/search/; at most 512 characters."
  }
}

variable "tags" {
  description = "Tags for everything that takes them. Schemas don't."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]{1,128}$", key)) && !startswith(lower(key), "aws:")])
    error_message = "tags: a key has 1 to 128 letters, digits, spaces and _ . : / = + - @, and does not begin with aws:."
  }
}

variable "typical_minutes" {
  description = <<-EOT
    How long what Personalize makes typically takes, until earlier runs tell: the first look is timed by it. The defaults are
    what its users tell of; give better ones where you know that the first training takes hours.
    - `import_job`: an import. Default 14.
    - `solution_version`: a training. Default 38.
    - `campaign`: a campaign's creation or update. Default 12.
    - `filter`: a filter's creation. Default 4.
  EOT
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.typical_minutes), local._fields.typical_minutes)) == 0
    error_message = "typical_minutes: there is no ${join(", ", [for key in setsubtract(keys(var.typical_minutes), local._fields.typical_minutes) : "\"${key}\""])} here; it takes ${join(", ", local._fields.typical_minutes)}."
  }

  validation {
    condition     = alltrue([for minutes in values(var.typical_minutes) : minutes == null ? true : minutes > 0])
    error_message = "typical_minutes: more than 0 each; leave one out for its default. Wrong: ${join(", ", [for key, minutes in var.typical_minutes : "${key} = ${minutes}" if minutes == null ? false : minutes <= 0])}."
  }
}
