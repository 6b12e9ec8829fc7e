# The policy of the person who applies.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

run "policy" {
  command = plan

  module {
    source = "./modules/applier"
  }

  variables {
    name = "shop"
  }

  assert {
    condition     = length(output.json) <= 10240 && alltrue([for document in output.documents : length(document) <= 6144])
    error_message = "Too long: ${length(output.json)} characters of 10,240; ${join(", ", [for document in output.documents : length(document)])} of 6,144 each."
  }

  assert {
    condition     = alltrue([for s in jsondecode(output.json).Statement : alltrue([for action in s.Action : !strcontains(action, "*")])])
    error_message = "An action holds a wildcard: ${output.json}"
  }

  assert {
    condition     = { for s in jsondecode(output.json).Statement : s.Sid => s.Action if contains(s.Resource, "*") && !can(s.Condition) } == { Any = ["logs:DescribeLogGroups"] }
    error_message = "An action that knows its resource is allowed on everything: ${output.json}"
  }

  # What must not be there without being asked for.
  assert {
    condition     = length(setintersection([for s in jsondecode(output.json).Statement : s.Sid], ["Key", "Objects", "Package"])) == 0
    error_message = "A key, the bucket's objects or the package's are allowed though none is named: ${output.json}"
  }
}

run "policy_with_everything" {
  command = plan

  module {
    source = "./modules/applier"
  }

  variables {
    name                 = "eighteen-character"
    event_bus_name       = "shop"
    force_destroy        = true
    kms_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    package_object       = "releases/functions.zip"
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
    role_path            = "/teams/search/"
  }

  assert {
    condition     = length(output.json) <= 10240 && alltrue([for document in output.documents : length(document) <= 6144])
    error_message = "Too long: ${length(output.json)} characters of 10,240; ${join(", ", [for document in output.documents : length(document)])} of 6,144 each."
  }

  # Who can make a role without the boundary, or take it off, has all that the boundary keeps from them.
  assert {
    condition = alltrue([
      for s in jsondecode(output.json).Statement : try(s.Condition.StringEquals["iam:PermissionsBoundary"], "") == var.permissions_boundary
      if length(setintersection(s.Action, ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"])) > 0
    ])
    error_message = "A role can be made without the boundary: ${output.json}"
  }

  assert {
    condition     = alltrue([for s in jsondecode(output.json).Statement : startswith(s.Resource[0], "arn:aws:iam::123456789012:role/teams/search/eighteen-character-") if anytrue([for action in s.Action : startswith(action, "iam:")])])
    error_message = "Roles are under the path: ${output.json}"
  }

  assert {
    condition     = [for s in jsondecode(output.json).Statement : s.Resource if s.Sid == "Rules"] == [["arn:aws:events:eu-west-1:123456789012:rule/eighteen-character-*", "arn:aws:events:eu-west-1:123456789012:rule/shop/eighteen-character-*"]]
    error_message = "Rules are on the default bus, where S3's events arrive, and on the team's own: ${output.json}"
  }
}
