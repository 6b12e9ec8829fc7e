"""Whatever is called in whatever order: every answer is a modelled one, or a modelled error, and the world stays whole.

Hypothesis makes sequences of calls that the model allows, on things that are there, that are not there any more, and
at any point of their lives. Time is virtual, and work is held: nothing moves but by the step that says so. Any step
may be the last of its process: the next one goes on with what was kept.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from local.personalize.errors import InvalidInputError, NotFoundError, ServiceError
from local.personalize.service_models import CONTROL, operation_model, service_model
from tests.local.personalize_account import INTERACTIONS, ITEMS, ROLE, Account, HeldWork, avro
from tests.local.personalize_prepared import METRIC, OUTPUT, member_of

SECONDS = 10.0
NAMES = st.sampled_from(["a", "b", "c"])
PARENTS = {
    "Dataset": ("datasetGroupArn", "schemaArn"),
    "DatasetImportJob": ("datasetArn",),
    "DatasetExportJob": ("datasetArn",),
    "DataDeletionJob": ("datasetGroupArn",),
    "EventTracker": ("datasetGroupArn",),
    "Filter": ("datasetGroupArn",),
    "MetricAttribution": ("datasetGroupArn",),
    "Recommender": ("datasetGroupArn",),
    "Solution": ("datasetGroupArn",),
    "SolutionVersion": ("solutionArn",),
    "Campaign": ("solutionVersionArn",),
    "BatchInferenceJob": ("solutionVersionArn",),
    "BatchSegmentJob": ("solutionVersionArn",),
}
KINDS = ("DatasetGroup", "Schema", *PARENTS)
OPERATIONS = frozenset(service_model(CONTROL).operation_names)
UNDER_WAY = ("PENDING", "IN_PROGRESS", "STOPPING")
RECIPES = ("aws-user-personalization", "aws-popularity-count", "aws-sims", "aws-item-affinity", "aws-nope")
EXPRESSIONS = (
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")',
    "INCLUDE ItemID WHERE Items.PRICE > $PRICE",
    "INCLUDE ItemID WHERE",
)
DATA = pd.DataFrame(
    [(f"u{at % 5}", f"i{at * at % 7}", 1_700_000_000 + at, "watch", 1.0) for at in range(40)],
    columns=[each["name"] for each in INTERACTIONS],
)
FILES: Mapping[str, pd.DataFrame | str] = {
    "s3://b/good.csv": DATA,
    "s3://b/items.csv": pd.DataFrame({"ITEM_ID": ["i1", "i2"], "GENRES": ["g", "h"], "PRICE": [1, 2]}),
    "s3://b/bad.csv": "USER_ID\n1\n",
    "s3://b/users.csv": "USER_ID\nu1\n",
    "s3://b/users.json": '{"userId": "u1"}\n{"itemId": "i1"}\nnonsense\n',
}


class Calls(RuleBasedStateMachine):
    """A user who has no plan."""

    @initialize(trained=st.booleans(), patient=st.booleans())
    def account(self, trained: bool, patient: bool) -> None:
        """Begin with files, minimums that little data meet, and a group that is new or has a trained version.

        Who is patient waits for what was made; others go on while it is under way.
        """
        minimums = {"minimum-imported-interactions": 1, "minimum-interactions": 2, "minimum-users": 1}
        self.work = HeldWork()
        self.call = Account(durations={"*": {"*": SECONDS}}, quotas=minimums, work=self.work)
        for path, content in FILES.items():
            self.call.put(path.removeprefix("s3://"), content)
        self.known: defaultdict[str, list[str]] = defaultdict(list)
        self.gone: set[str] = set()
        self.patient = patient
        self.make("DatasetGroup", name="a")
        self.make("Schema", name="a", schema=avro("Interactions", INTERACTIONS))
        if trained:
            self.train()

    def train(self) -> None:
        """Put data into the group, and train on it."""
        self.wait(SECONDS)
        group, schema = self.known["DatasetGroup"][0], self.known["Schema"][0]
        self.make("Dataset", name="a", datasetGroupArn=group, schemaArn=schema, datasetType="Interactions")
        self.wait(SECONDS)
        source = {"dataLocation": "s3://b/good.csv"}
        self.make("DatasetImportJob", jobName="a", datasetArn=self.known["Dataset"][0], dataSource=source, roleArn=ROLE)
        recipe = "arn:aws:personalize:::recipe/aws-popularity-count"
        self.make("Solution", name="a", datasetGroupArn=group, recipeArn=recipe, performAutoTraining=False)
        self.wait(SECONDS)
        self.make("SolutionVersion", name="a", solutionArn=self.known["Solution"][0])
        self.wait(SECONDS)

    def ask(self, operation: str, **params: Any) -> dict[str, Any] | None:
        """Make a call; an error must be one that the model has for the operation."""
        if operation not in OPERATIONS:  # no kind of job can be deleted
            return None
        try:
            return self.call(operation, **params)
        except ServiceError as error:
            refusal = error
        modelled = {shape.name for shape in operation_model(CONTROL, operation).error_shapes}
        assert refusal.code in modelled | {"InvalidInputException"}, f"{operation}: {refusal.code}: {refusal}"
        assert refusal.message
        return None

    def one(self, data: st.DataObject, kind: str) -> str:
        """Return the ARN of one of a kind: of those that there were, or of none."""
        never = f"arn:aws:personalize:eu-west-1:123456789012:{kind.lower()}/never"
        return data.draw(st.sampled_from([*self.known[kind] * 4, never]), label=kind)

    def make(self, kind: str, **params: Any) -> None:
        answer = self.ask(f"Create{kind}", **params)
        if answer:
            arn = answer[f"{member_of(kind)}Arn"]
            self.known[kind].append(arn)
            self.gone.discard(arn)
            if self.patient:
                self.wait(SECONDS)

    @rule(name=NAMES, domain=st.sampled_from([None, None, "ECOMMERCE"]))
    def group(self, name: str, domain: str | None) -> None:
        self.make("DatasetGroup", name=name, domain=domain)

    @rule(name=NAMES, items=st.booleans())
    def schema(self, name: str, items: bool) -> None:
        document = avro("Items", ITEMS) if items else avro("Interactions", INTERACTIONS)
        self.make("Schema", name=name, schema=document)

    @rule(data=st.data(), name=NAMES, kind=st.sampled_from(["Interactions", "items", "Users"]))
    def dataset(self, data: st.DataObject, name: str, kind: str) -> None:
        group, schema = self.one(data, "DatasetGroup"), self.one(data, "Schema")
        self.make("Dataset", name=name, datasetGroupArn=group, schemaArn=schema, datasetType=kind)

    @rule(data=st.data(), name=NAMES, path=st.sampled_from([*FILES]), mode=st.sampled_from(["FULL", "INCREMENTAL"]))
    def import_(self, data: st.DataObject, name: str, path: str, mode: str) -> None:
        dataset, source = self.one(data, "Dataset"), {"dataLocation": path}
        params = {"jobName": name, "datasetArn": dataset, "dataSource": source, "roleArn": ROLE, "importMode": mode}
        self.make("DatasetImportJob", **params)

    @rule(data=st.data(), name=NAMES)
    def export(self, data: st.DataObject, name: str) -> None:
        dataset = self.one(data, "Dataset")
        self.make("DatasetExportJob", jobName=name, datasetArn=dataset, roleArn=ROLE, jobOutput=OUTPUT)

    @rule(data=st.data(), name=NAMES, path=st.sampled_from([*FILES]))
    def deletion_job(self, data: st.DataObject, name: str, path: str) -> None:
        group = self.one(data, "DatasetGroup")
        source = {"dataLocation": path}
        self.make("DataDeletionJob", jobName=name, datasetGroupArn=group, dataSource=source, roleArn=ROLE)

    @rule(data=st.data(), name=NAMES)
    def tracker(self, data: st.DataObject, name: str) -> None:
        self.make("EventTracker", name=name, datasetGroupArn=self.one(data, "DatasetGroup"))

    @rule(data=st.data(), name=NAMES, expression=st.sampled_from(EXPRESSIONS))
    def filter(self, data: st.DataObject, name: str, expression: str) -> None:
        group = self.one(data, "DatasetGroup")
        self.make("Filter", name=name, datasetGroupArn=group, filterExpression=expression)

    @rule(data=st.data(), name=NAMES)
    def attribution(self, data: st.DataObject, name: str) -> None:
        group, output = self.one(data, "DatasetGroup"), {"roleArn": ROLE, **OUTPUT}
        params = {"datasetGroupArn": group, "metrics": [METRIC], "metricsOutputConfig": output}
        self.make("MetricAttribution", name=name, **params)

    @rule(data=st.data(), name=NAMES)
    def recommender(self, data: st.DataObject, name: str) -> None:
        recipe = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views"
        self.make("Recommender", name=name, datasetGroupArn=self.one(data, "DatasetGroup"), recipeArn=recipe)

    @rule(data=st.data(), name=NAMES, recipe=st.sampled_from(RECIPES))
    def solution(self, data: st.DataObject, name: str, recipe: str) -> None:
        group, arn = self.one(data, "DatasetGroup"), f"arn:aws:personalize:::recipe/{recipe}"
        self.make("Solution", name=name, datasetGroupArn=group, recipeArn=arn, performAutoTraining=False)

    @rule(data=st.data(), name=st.none() | NAMES, mode=st.sampled_from(["FULL", "FULL", "UPDATE"]))
    def version(self, data: st.DataObject, name: str | None, mode: str) -> None:
        self.make("SolutionVersion", name=name, solutionArn=self.one(data, "Solution"), trainingMode=mode)

    @rule(data=st.data(), name=NAMES, latest=st.booleans())
    def campaign(self, data: st.DataObject, name: str, latest: bool) -> None:
        version = f"{self.one(data, 'Solution')}/$LATEST" if latest else self.one(data, "SolutionVersion")
        config = {"syncWithLatestSolutionVersion": latest}
        self.make("Campaign", name=name, solutionVersionArn=version, campaignConfig=config)

    @rule(data=st.data(), name=NAMES, kind=st.sampled_from(["BatchInferenceJob", "BatchSegmentJob"]))
    def batch(self, data: st.DataObject, name: str, kind: str) -> None:
        source = {"s3DataSource": {"path": "s3://b/users.json"}}
        params = {"jobInput": source, "jobOutput": OUTPUT, "roleArn": ROLE}
        self.make(kind, jobName=name, solutionVersionArn=self.one(data, "SolutionVersion"), **params)

    @rule(data=st.data())
    def update(self, data: st.DataObject) -> None:
        requests: dict[str, Callable[[], dict[str, Any]]] = {
            "Campaign": lambda: {"solutionVersionArn": self.one(data, "SolutionVersion")},
            "Dataset": lambda: {"schemaArn": self.one(data, "Schema")},
            "MetricAttribution": lambda: {"removeMetrics": ["watched"]},
            "Recommender": lambda: {"recommenderConfig": {"minRecommendationRequestsPerSecond": 2}},
            "Solution": lambda: {"performAutoTraining": False},
        }
        kind = data.draw(st.sampled_from([*requests]))
        self.ask(f"Update{kind}", **{f"{member_of(kind)}Arn": self.one(data, kind)}, **requests[kind]())

    @rule(data=st.data(), operation=st.sampled_from(["StopRecommender", "StartRecommender"]))
    def stop(self, data: st.DataObject, operation: str) -> None:
        self.ask(operation, recommenderArn=self.one(data, "Recommender"))
        self.ask("StopSolutionVersionCreation", solutionVersionArn=self.one(data, "SolutionVersion"))

    @precondition(lambda self: any(self.known.values()))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from([kind for kind in KINDS if self.known[kind]]))
        self.delete_one(kind, self.one(data, kind))

    def delete_one(self, kind: str, arn: str) -> None:
        if self.ask(f"Delete{kind}", **{f"{member_of(kind)}Arn": arn}) is not None:
            self.gone.add(arn)

    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(KINDS))
        arn = self.one(data, kind)
        self.ask(f"Describe{kind}", **{f"{member_of(kind)}Arn": arn})
        self.ask("ListTagsForResource", resourceArn=arn)
        self.ask("GetSolutionMetrics", solutionVersionArn=self.one(data, "SolutionVersion"))

    @rule(data=st.data(), user=st.sampled_from(["u1", "nobody"]))
    def recommend(self, data: st.DataObject, user: str) -> None:
        campaign = self.one(data, "Campaign")
        filters = {"filterArn": self.one(data, "Filter")} if data.draw(st.booleans()) else {}
        try:
            answer = self.call.runtime("GetRecommendations", campaignArn=campaign, userId=user, itemId="i1", **filters)
        except (InvalidInputError, NotFoundError):
            return
        assert campaign not in self.gone
        items = [each["itemId"] for each in answer["itemList"]]
        assert len(set(items)) == len(items)

    @rule(seconds=st.sampled_from([1.0, 5.0, SECONDS, 100.0]), works=st.booleans())
    def wait(self, seconds: float, works: bool = True) -> None:
        """Let time pass, in which the work is done or not."""
        self.call.clock.advance(seconds)
        if works:
            self.call("ListDatasetGroups")  # what is due begins
            self.work.catch_up()

    @rule()
    def restart(self) -> None:
        """Kill the process, and begin another with the state that was kept."""
        self.work = HeldWork()
        self.call.restart(self.work)

    @invariant()
    def no_child_is_without_its_parent(self) -> None:
        records = self.call.service.world.state.records
        for record in records.values():
            for member in PARENTS.get(record.kind, ()):
                parent = record.attributes[member]
                assert parent in records, f"{record.arn} is there, and {parent} is not"

    @invariant()
    def what_is_listed_can_be_described(self) -> None:
        for kind in KINDS:
            listed = self.ask(f"List{kind}s")
            for each in next(iter(listed.values()), []) if listed else []:
                arn = each[f"{member_of(kind)}Arn"]
                shown = self.call(f"Describe{kind}", **{f"{member_of(kind)}Arn": arn})[member_of(kind)]
                assert shown.get("status") == each.get("status")
                assert "internal error" not in shown.get("failureReason", "")
                json.dumps(shown, default=str)

    @invariant()
    def what_is_done_left_something(self) -> None:
        state = self.call.service.world.state
        for record in state.records.values():
            if record.kind in ("SolutionVersion", "Recommender") and record.status in ("ACTIVE", "INACTIVE"):
                assert record.arn in state.trained, f"{record.arn} is {record.status} without a model"
            if record.kind == "DatasetExportJob" and record.status == "ACTIVE":
                assert f"b/out/{record.name}.csv" in self.call.objects.contents
            if record.kind == "DataDeletionJob" and record.status == "COMPLETED":
                assert "numDeleted" in record.attributes

    @invariant()
    def what_is_deleted_is_gone_in_the_end(self) -> None:
        for arn in self.gone & set(self.call.service.world.state.records):
            assert (self.call.service.world.state.records[arn].status or "").startswith("DELETE")

    def teardown(self) -> None:
        """Restart in the midst of it all, delete what can be, and let all come to an end.

        Nothing may be under way then, and what was deleted is not there.
        """
        self.wait(SECONDS / 2, works=False)
        self.call("ListDatasetGroups")
        self.restart()
        for kind in KINDS:
            for arn in self.known[kind]:
                self.delete_one(kind, arn)
        for _ in range(2):  # what ends with the work may make something due
            self.wait(1000)
        self.call("ListDatasetGroups")
        self.what_is_done_left_something()
        for record in self.call.service.world.state.records.values():
            assert record.arn not in self.gone
            assert not any(word in (record.status or "") for word in UNDER_WAY)
        for arn in self.gone:
            kind = next(kind for kind in KINDS if arn in self.known[kind])
            try:
                self.call(f"Describe{kind}", **{f"{member_of(kind)}Arn": arn})
            except NotFoundError:
                continue
            raise AssertionError(f"{arn} was deleted")


TestCalls = Calls.TestCase
TestCalls.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
