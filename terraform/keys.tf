# What for_each takes. Terraform walks through the whole of it for each instance, so with the things themselves, a plan's time would
# grow with the square of their number. Instances look theirs up, and hand no large collection to a function, for the same reason.

locals {
  _keys = {
    pipelines = { for key in keys(var.pipelines) : key => key }
    schedules = { for key in keys(local._schedules) : key => key }
  }
}
