# Some of what CloudFormation knows of Personalize, as Terraform's provider drives it.

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "name" {
  description = "A name that is not taken."
  type        = string
}

variable "team" {
  description = "The value of the tag of the event tracker."
  type        = string
}

locals {
  _fields = { USER_ID = "string", ITEM_ID = "string", TIMESTAMP = "long" }
}

resource "aws_cloudcontrolapi_resource" "group" {
  type_name     = "AWS::Personalize::DatasetGroup"
  desired_state = jsonencode({ Name = var.name })
}

resource "aws_cloudcontrolapi_resource" "schema" {
  type_name = "AWS::Personalize::Schema"
  desired_state = jsonencode({
    Name = var.name
    Schema = jsonencode({
      type      = "record"
      name      = "Interactions"
      namespace = "com.amazonaws.personalize.schema"
      fields    = [for name, type in local._fields : { name = name, type = type }]
      version   = "1.0"
    })
  })
}

resource "aws_cloudcontrolapi_resource" "dataset" {
  type_name = "AWS::Personalize::Dataset"
  desired_state = jsonencode({
    Name            = var.name
    DatasetGroupArn = aws_cloudcontrolapi_resource.group.id
    DatasetType     = "Interactions"
    SchemaArn       = aws_cloudcontrolapi_resource.schema.id
  })
}

resource "aws_cloudcontrolapi_resource" "tracker" {
  type_name = "AWS::Personalize::EventTracker"
  desired_state = jsonencode({
    Name            = var.name
    DatasetGroupArn = aws_cloudcontrolapi_resource.group.id
    Tags            = [{ Key = "team", Value = var.team }]
  })

  depends_on = [aws_cloudcontrolapi_resource.dataset]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = var.name
  alarm_description   = "Plans clean only with the shim"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
}

output "group" {
  description = "The dataset group's ARN."
  value       = aws_cloudcontrolapi_resource.group.id
}

output "tracker" {
  description = "The event tracker's properties."
  value       = jsondecode(aws_cloudcontrolapi_resource.tracker.properties)
}
