# Campaigns are made by runs; Terraform declares them in the ledger, and takes them down, through glue. Each is a resource of its own: one that is
# taken out of the declaration is destroyed, and where that is refused, it stays in the state and is refused again by every apply.

# Destroyed before its solution: a run that is under way then finds the campaign declared no more, and does not make it again. By its
# name, which is unique: a campaign that moves from one solution to another stays the same.
resource "aws_lambda_invocation" "campaign" {
  for_each        = local._keys.campaigns
  function_name   = local._glue
  lifecycle_scope = "CRUD"
  input           = jsonencode(merge(local._wanted_campaigns[each.key], local._protection))

  # Their policies name it: where its removal is refused, runs go on moving it, so what they may do must not have changed before.
  depends_on = [local._after_solutions, module.step]
}
