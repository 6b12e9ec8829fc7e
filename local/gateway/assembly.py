"""Puts the gateway together: which handler answers for which service."""

from __future__ import annotations

from dataclasses import dataclass

from local.cloudcontrol.front import CloudControlFront, DescribeType
from local.gateway import ministack
from local.gateway.answers import CountsChanges, KeepsAnswers
from local.gateway.app import Gateway
from local.gateway.browsers import KeepsPagesOut
from local.gateway.control import ControlSurface
from local.gateway.http import AsgiApp, Handler, Upstream
from local.gateway.keeper import Keeper
from local.gateway.personalize import Personalize, Service
from local.gateway.repeats import AnswersOnce
from local.objects import S3Objects
from local.personalize import Personalize as LocalPersonalize
from local.personalize.clock import SteeredClock
from local.personalize.durations import profile_of
from local.personalize.undecided import defaults
from local.personalize.work import PoolWork
from local.settings import Settings
from local.shims import patches
from local.shims.alarms import describe_alarms
from local.shims.conditions import ask_for_all, name_resources
from local.shims.custom_resources import let_custom_resources_answer
from local.shims.duplicates import send_twice
from local.shims.failures import tell_failures
from local.shims.limits import refuse_what_is_too_large
from local.shims.lineage import NotesTraceHeaders, keep_lineages
from local.shims.objects import keep_objects_as_s3_does
from local.shims.old_sdks import let_old_sdks_reach_the_gateway
from local.shims.redrives import redrive_dead_letters
from local.shims.stacks import provision_personalize
from local.shims.tasks import serve_personalize_tasks
from local.shims.unwritten import writes_objects_later


@dataclass(frozen=True)
class Assembly:
    """The app, and what is to be done around it."""

    app: AsgiApp
    personalize: Personalize
    keeper: Keeper | None

    def open(self) -> None:
        """Take up what was under way before: once the gateway listens, for imports read S3 through it."""
        for account, region in self.keeper.known() if self.keeper else ():
            self.personalize.service(account, region)

    def close(self) -> None:
        """Save for the last time."""
        if self.keeper:
            self.keeper.close()


def assemble(settings: Settings) -> Assembly:
    """Build the app; ministack's environment must have been set. Raises StateError for a state that can't be used."""
    keeper = Keeper(settings.state, settings.port) if settings.state else None
    clock = keeper.clock() if keeper else SteeredClock()
    counted = CountsChanges(ministack.asgi_app())
    upstream = Upstream(counted)
    work = PoolWork()
    durations = profile_of(settings.durations)

    def make(account: str, region: str) -> Service:
        decisions = defaults()
        service = LocalPersonalize(
            account=account,
            region=region,
            objects=S3Objects(settings, account, region, decisions),
            decisions=decisions,
            clock=clock,
            durations=durations,
            seed=settings.seed,
            work=work,
            state=keeper.state(account, region) if keeper else None,
        )
        if keeper:
            keeper.keep(account, region, service)
        return service

    personalize = Personalize(make, auth=settings.auth)
    handlers: dict[str, Handler] = {
        "personalize": personalize,
        "cloudcontrolapi": CloudControlFront(personalize, auth=settings.auth),
        "cloudformation": DescribeType(auth=settings.auth),
        "monitoring": describe_alarms(upstream),
    }
    patches.fill_in_schedules()
    keep_lineages()
    tell_failures()
    let_old_sdks_reach_the_gateway()
    keep_objects_as_s3_does()
    refuse_what_is_too_large()
    provision_personalize(personalize)
    let_custom_resources_answer()
    serve_personalize_tasks(personalize, auth=settings.auth)
    redrive_dead_letters()
    if settings.auth:
        patches.compare_bodies()
        patches.authorize_batches()
        patches.authorize_lambda_calls()
        name_resources()
        ask_for_all()
        patches.deliver_as_allowed()
        patches.log_as_the_role()
        patches.poll_as_the_role()
    if settings.deliver_twice:
        patches.put_twice()
        handlers["sqs"] = send_twice(upstream)
    control = ControlSurface(personalize.service, settings.account, settings.region)
    gateway = Gateway(ministack=counted, handlers=handlers, control=control)
    app: AsgiApp = NotesTraceHeaders(gateway)
    if keeper:
        objects = writes_objects_later()
        keeper.watch(lambda: objects.failures, objects.write)
        keeper.watch(lambda: counted.changes, ministack.save_state())
        app = KeepsAnswers(app, keeper)
    return Assembly(KeepsPagesOut(AnswersOnce(app), settings.origins), personalize, keeper)
