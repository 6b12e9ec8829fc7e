"""All that exists in an account, asked from the services themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from boto3 import Session


@dataclass(frozen=True)
class Listing:
    """How a service lists one kind of thing: the call, where the answer has them, and what to call each."""

    service: str
    operation: str
    key: str
    name: str | None


# In the order of the services that the module uses.
LISTINGS = (
    Listing("personalize", "list_dataset_groups", "datasetGroups", "datasetGroupArn"),
    Listing("personalize", "list_schemas", "schemas", "schemaArn"),
    Listing("personalize", "list_datasets", "datasets", "datasetArn"),
    Listing("personalize", "list_dataset_import_jobs", "datasetImportJobs", "datasetImportJobArn"),
    Listing("personalize", "list_event_trackers", "eventTrackers", "eventTrackerArn"),
    Listing("personalize", "list_filters", "Filters", "filterArn"),
    Listing("personalize", "list_solutions", "solutions", "solutionArn"),
    Listing("personalize", "list_solution_versions", "solutionVersions", "solutionVersionArn"),
    Listing("personalize", "list_campaigns", "campaigns", "campaignArn"),
    Listing("s3", "list_buckets", "Buckets", "Name"),
    Listing("sqs", "list_queues", "QueueUrls", None),
    Listing("lambda", "list_functions", "Functions", "FunctionArn"),
    Listing("lambda", "list_event_source_mappings", "EventSourceMappings", "EventSourceArn"),
    Listing("iam", "list_roles", "Roles", "Arn"),
    Listing("dynamodb", "list_tables", "TableNames", None),
    Listing("events", "list_event_buses", "EventBuses", "Arn"),
    Listing("events", "list_rules", "Rules", "Arn"),
    Listing("scheduler", "list_schedule_groups", "ScheduleGroups", "Arn"),
    Listing("scheduler", "list_schedules", "Schedules", "Arn"),
    Listing("logs", "describe_log_groups", "logGroups", "logGroupName"),
    Listing("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmArn"),
)


def inventory(session: Session) -> set[str]:
    """Return what there is, each as `service: name`."""
    found: set[str] = set()
    for listing in LISTINGS:
        client: Any = session.client(listing.service)  # type: ignore[call-overload] # the name is data
        if client.can_paginate(listing.operation):
            pages = client.get_paginator(listing.operation).paginate()
        else:
            pages = [getattr(client, listing.operation)()]
        for page in pages:
            for thing in page.get(listing.key) or ():
                found.add(f"{listing.service}: {thing[listing.name] if listing.name else thing}")
    return found
