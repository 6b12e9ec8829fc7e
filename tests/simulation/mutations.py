"""Deliberate breakages of the code.

Each must make the simulation fail, or some other fast test where no history can show it: if none does, an invariant is
missing, a fault or a test.
"""

from __future__ import annotations

from tests.simulation.mutating import Mutation

MUTATIONS = (
    Mutation(
        "a version's name is another one each time",
        "functions.names:solution_version",
        'full = f"{name}-{run}-{solution}"',
        "full = f\"{name}-{run}-{solution}-{__import__('uuid').uuid4().hex[:4]}\"",
    ),
    Mutation(
        "an import job's name is another one each time",
        "functions.steps.import_data:decide",
        '"jobName": job.job_name,',
        '"jobName": f"x{__import__(\'uuid\').uuid4().hex[:4]}-{job.job_name}"[:63],',
    ),
    Mutation(
        "a repeated delivery of a trigger makes a run of its own",
        "functions.steps.start:cause_of",
        "cause = trigger.id if replaced else record.message_id",
        "cause = record.message_id",
    ),
    Mutation(
        "acknowledged before it is sent: a failed send is swallowed",
        "functions.engine:advance",
        "        ports.queues.send(name, [dump(each) for each in sent if each.step == name], delay)",
        "        with __import__('contextlib').suppress(Exception):\n"
        "            ports.queues.send(name, [dump(each) for each in sent if each.step == name], delay)",
    ),
    Mutation(
        "advanced before it is sent",
        "functions.engine:advance",
        "    for name in dict.fromkeys(each.step for each in sent):",
        "    ports.ledger.advance(message, ports.clock(), sent, _mark(message, outcome))\n"
        "    for name in dict.fromkeys(each.step for each in sent):",
    ),
    Mutation(
        "no lease",
        "functions.admission:admit",
        "    active, waiting = lease.active, lease.next",
        "    return Admission(lease, 'active')\n    active, waiting = lease.active, lease.next",
    ),
    Mutation(
        "no cursor: a message that is behind is worked",
        "functions.engine:_passed",
        " or branch.hop > message.hop",
        "",
    ),
    Mutation(
        "a run that has ended goes on",
        "functions.engine:advance",
        "run is None or run.over or",
        "run is None or",
    ),
    Mutation(
        "what exists already is a failure",
        "functions.engine:_make",
        "return step.find(message, call, personalize)",
        "raise",
    ),
    Mutation(
        "a campaign that is ACTIVE is taken for updated",
        "functions.steps.poll:_campaign",
        'latest = described.get("latestCampaignUpdate") or described',
        'latest = {**(described.get("latestCampaignUpdate") or described), "status": described["status"]}',
    ),
    Mutation(
        "what is passed on is not told whom it comes after",
        "functions.admission:hand_over",
        "successor = replace(lease.next, after=run_id, turn_at=at) if lease.next else None",
        "successor = lease.next",
    ),
    Mutation(
        "the remembered run is forgotten",
        "functions.admission:hand_over",
        "return replace(lease, active=successor, next=None)",
        "return replace(lease, active=None, next=None)",
    ),
    Mutation(
        "an end is not told by who finds the run ended and untold",
        "functions.endings:tell",
        "if not run.over or run.told_at or",
        "if not run.over or run.finished_at != ports.clock().isoformat() or",
    ),
    Mutation(
        "nobody watches",
        "functions.steps.start:handle",
        "        watch(ports)\n",
        "",
    ),
    Mutation(
        "a branch is looked after only when its whole run is quiet",
        "functions.watchdog:look_after",
        "silent >= QUIET or (run.dispatched_at and run.lost(now))",
        "silent >= QUIET",
    ),
    Mutation(
        "a run that has begun is begun again",
        "functions.steps.start:start",
        "run.over or run.dispatched_at or run.hop > trigger.hop",
        "run.over",
    ),
    Mutation(
        "another delivery's plan is overwritten",
        "local.twins:MemoryLedger.begin_run",
        'if standing and standing.status == "QUEUED":',
        "if standing and not standing.over:",
    ),
    Mutation(
        "a failed branch ends the run at once",
        "functions.endings:verdict",
        'if any(branch.status == "RUNNING" for branch in solutions.values()):',
        'if all(branch.status == "RUNNING" for branch in solutions.values()):',
    ),
    Mutation(
        "a campaign is updated to what it has",
        "functions.steps.deploy:_serves",
        'latest.get("solutionVersionArn") == version',
        'latest.get("solutionVersionArn") == "another"',
    ),
    Mutation(
        "no deadline",
        "functions.engine:in_time",
        "not isinstance(outcome, Pause) or",
        "True or",
    ),
    Mutation(
        "a throttled call is a failure",
        "functions.engine:_refused",
        "if passes else",
        "if passes and not isinstance(error, errors.Throttled) else",
    ),
    Mutation(
        "a full quota is a failure",
        "functions.engine:_refused",
        "if passes else",
        "if passes and not isinstance(error, errors.LimitExceeded) else",
    ),
    Mutation(
        "more are let in than there are slots",
        "functions.slots:admit",
        "free = max(0, capacity - len(turnstile.holders))",
        "free = max(0, capacity + 1 - len(turnstile.holders))",
    ),
    Mutation(
        "the last in line is the first",
        "functions.slots:admit",
        "turnstile.waiting[:free], turnstile.waiting[free:]",
        "turnstile.waiting[-free:] if free else (), turnstile.waiting[:-free] if free else turnstile.waiting",
    ),
    Mutation(
        "a lost race for a slot is overwritten",
        "local.twins:MemoryLedger.save_turnstile",
        "if self.turnstile(kind).version != turnstile.version:",
        "if False:",
    ),
    Mutation(
        "a run that fails keeps its slots",
        "functions.steps.finish:finish",
        "        turnstile.leave(message.pipeline, message.run_id, ports, message.branch)",
        "        pass",
    ),
    Mutation(
        "the lease is not passed on",
        "functions.steps.finish:finish",
        "    release(ports, message.pipeline, message.run_id)",
        "    pass",
    ),
    Mutation(
        "a lost race for the lease is overwritten",
        "local.twins:MemoryLedger.save_lease",
        "if self.lease(pipeline).version != lease.version:",
        "if False:",
    ),
    Mutation(
        "a trigger may join a run that has begun",
        "functions.admission:admit",
        "if not active.pinned:",
        "if True:",
    ),
    Mutation(
        "trained without a look for the run's own version",
        "functions.steps.train:observe",
        "(_made(message, making, ports) if making else None)",
        "None",
    ),
    Mutation(
        "trained without a note of it before",
        "functions.engine:_make_once",
        "if not ports.ledger.intend(message, now, observed[MAKING]):",
        "if False:",
    ),
    Mutation(
        "what was trained in vain is trained again",
        "functions.planning:left_behind",
        "found[name] = last.version",
        "pass",
    ),
    Mutation(
        "a phase that a dead function did not note stays unknown",
        "functions.engine:_mark",
        "else message.waits",
        "else ()",
    ),
)
