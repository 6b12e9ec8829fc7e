# A message in a dead-letter queue is trouble, always.

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each            = var.alarms == null ? {} : local._steps
  alarm_name          = "${var.name}-${each.key}-dlq"
  alarm_description   = "A message for step ${each.key} of ${var.name} could not be worked. The function's logs say why; redrive the queue ${var.name}-${each.key}-dlq when that is mended."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters[each.key].name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local._alarm_actions
  ok_actions          = local._alarm_actions
  tags                = var.tags
}
