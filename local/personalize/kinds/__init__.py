"""The kinds of resources: one table. What is added here is served."""

from __future__ import annotations

from collections.abc import Mapping

from local.personalize.kinds.attribution import MetricAttribution
from local.personalize.kinds.base import Kind
from local.personalize.kinds.batch import BatchInferenceJob, BatchSegmentJob
from local.personalize.kinds.data import Dataset, DatasetGroup, DatasetImportJob, SchemaKind
from local.personalize.kinds.deletions import DataDeletionJob
from local.personalize.kinds.exports import DatasetExportJob
from local.personalize.kinds.recommenders import Recommender
from local.personalize.kinds.serving import Campaign, EventTracker, Filter
from local.personalize.kinds.training import Solution, SolutionVersion

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        DatasetGroup(),
        SchemaKind(),
        Dataset(),
        DatasetImportJob(),
        DatasetExportJob(),
        DataDeletionJob(),
        Solution(),
        SolutionVersion(),
        Campaign(),
        Recommender(),
        EventTracker(),
        Filter(),
        BatchInferenceJob(),
        BatchSegmentJob(),
        MetricAttribution(),
    )
}
