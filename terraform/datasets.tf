# Datasets are glue's: CloudFormation would replace a dataset, and lose its data, to give it a new schema.

locals {
  _dataset_arns = { for key, d in aws_lambda_invocation.dataset_ready : key => jsondecode(d.result).arn }
}

resource "terraform_data" "dataset_home" {
  for_each         = local._datasets
  triggers_replace = aws_cloudcontrolapi_resource.dataset_group[each.value.pipeline].id
}

resource "aws_lambda_invocation" "dataset" {
  for_each        = local._datasets
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input = jsonencode({
    resource            = "dataset"
    deletion_protection = var.deletion_protection
    tags                = var.tags
    request = {
      name            = each.value.name
      datasetGroupArn = aws_cloudcontrolapi_resource.dataset_group[each.value.pipeline].id
      datasetType     = each.value.type
      schemaArn       = aws_cloudcontrolapi_resource.schema[local._schema_keys[each.key]].id
    }
  })

  # Whatever glue needs must be there before it is called, and still be there when it is called to delete.
  depends_on = [module.glue]

  lifecycle {
    replace_triggered_by = [terraform_data.dataset_home[each.key]]

    precondition {
      condition     = can(regex("^[^/].*/$", each.value.prefix))
      error_message = "${each.value.at}.prefix: \"${each.value.prefix}\" must end in a slash and not begin with one; Personalize then imports the files directly under it."
    }

    precondition {
      condition     = length([for other in local._datasets : other if startswith(other.prefix, each.value.prefix)]) == 1
      error_message = "${each.value.at}.prefix: \"${each.value.prefix}\" also holds the files of ${join(", ", [for key, other in local._datasets : other.at if key != each.key && startswith(other.prefix, each.value.prefix)])}; give each dataset a prefix of its own."
    }
  }
}

# The provider keeps the new input of an update that failed, so a next plan would find nothing to do:
# https://github.com/hashicorp/terraform-provider-aws/issues/43447. This second call, made whenever the input changes and made
# again after it failed, asks glue for the same once more; where all is well, glue finds nothing to do.
resource "aws_lambda_invocation" "dataset_ready" {
  for_each      = local._datasets
  function_name = local._glue
  input         = aws_lambda_invocation.dataset[each.key].input
}
