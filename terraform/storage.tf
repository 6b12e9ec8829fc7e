# The bucket that the CSV files are uploaded to. One that exists already is left as it is.

locals {
  _bucket     = coalesce(var.bucket_name, "${var.name}-${local._account}-${local._region}-data")
  _bucket_arn = "arn:${local._partition}:s3:::${local._bucket}"

  # The objects of all datasets. In a bucket of the team's own: each dataset's folder where a policy has the room, else the folders on the first
  # level that hold them, else the bucket. IAM takes 10,240 characters in all; `start` has the most of other statements, not half of that.
  _folder_arns = [
    [for d in local._datasets : "${local._bucket_arn}/${d.prefix}*"],
    distinct([for d in local._datasets : "${local._bucket_arn}/${split("/", d.prefix)[0]}/*"]),
  ]
  _data_arns = var.bucket_name == null ? ["${local._bucket_arn}/*"] : concat([for arns in local._folder_arns : arns if length(jsonencode(arns)) <= 6000], [["${local._bucket_arn}/*"]])[0]
}

resource "aws_s3_bucket" "data" {
  # checkov:skip=CKV_AWS_18: access logs need a second bucket, which is the team's to choose; CloudTrail data events do the same.
  # checkov:skip=CKV_AWS_144: Personalize imports within one region, and what is here can be uploaded again.
  count         = var.bucket_name == null ? 1 : 0
  bucket        = local._bucket
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "data" {
  count                   = length(aws_s3_bucket.data)
  bucket                  = aws_s3_bucket.data[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "data" {
  count  = length(aws_s3_bucket.data)
  bucket = aws_s3_bucket.data[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "data" {
  count  = length(aws_s3_bucket.data)
  bucket = aws_s3_bucket.data[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  count  = length(aws_s3_bucket.data)
  bucket = aws_s3_bucket.data[0].id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  count  = var.noncurrent_version_days == null ? 0 : length(aws_s3_bucket.data)
  bucket = aws_s3_bucket.data[0].id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_version_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  # S3 refuses a rule about old versions until versions are on.
  depends_on = [aws_s3_bucket_versioning.data]
}

resource "aws_s3_bucket_notification" "data" {
  count       = length(aws_s3_bucket.data)
  bucket      = aws_s3_bucket.data[0].id
  eventbridge = true
}

resource "aws_s3_bucket_policy" "data" {
  count  = length(aws_s3_bucket.data)
  bucket = aws_s3_bucket.data[0].id
  policy = data.aws_iam_policy_document.bucket.json

  # A policy that is set while public access is being blocked can meet a conflict.
  depends_on = [aws_s3_bucket_public_access_block.data]
}

# Personalize reads as the role and as the service: both need leave.
# https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html
data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local._bucket_arn, "${local._bucket_arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "PersonalizeReads"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = [local._bucket_arn, "${local._bucket_arn}/*"]

    principals {
      type        = "Service"
      identifiers = ["personalize.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local._account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local._arn.personalize}:*"]
    }
  }
}
