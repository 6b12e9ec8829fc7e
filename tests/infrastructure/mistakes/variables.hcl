run "mistakes" {
  command = plan

  variables {
    pipelines       = { movies = run.fixtures.pipeline }
    alarms          = { topics = ["arn:aws:sns:eu-west-1:123456789012:on-call"] }
    package         = { file = "package.zip", path = "main.tf" }
    quotas          = { import = 3, trainings = 0 }
    typical_minutes = { training = 60, campaign = -1 }
  }
}
