"""The steps: poll, train, deploy and filters, the shell around them, and what they look at."""

from __future__ import annotations

from tests.simulation.mutating import Mutation

MUTATIONS = (
    # ------------------------------------------------------------------ poll, train, deploy, filters
    Mutation(
        "what is not described yet was deleted",
        "functions.steps.poll:_look",
        'reason="it was deleted meanwhile", doubtful=True)',
        'reason="it was deleted meanwhile")',
    ),
    Mutation(
        "the state before an update is taken for its outcome",
        "functions.steps.poll:_just_asked_for",
        "< LAG",
        "< LAG * 0",
    ),
    Mutation(
        "an earlier run's failed update fails this one",
        "functions.steps.poll:_campaign",
        'before and meaning(latest["status"]) == "failed"',
        "False",
    ),
    Mutation(
        "one that failed does not wait for the others",
        "functions.steps.poll:decide",
        "    if under_way:",
        "    if under_way and not failed:",
    ),
    Mutation(
        "a version that failed is taken over",
        "functions.steps.train:_left_behind",
        'meaning(version["status"]) == "failed" or ',
        "",
    ),
    Mutation(
        "a version that hangs is taken over",
        "functions.steps.train:_left_behind",
        'return None if meaning(version["status"]) == "waiting" and hangs else version',
        "return version",
    ),
    Mutation(
        "a campaign that was taken out of the declaration comes back",
        "functions.steps.deploy:_declared_still",
        "return now is not None and now.campaign is not None and now.campaign.arn == _declared(message).arn",
        "return True",
    ),
    Mutation(
        "a campaign that serves the version has all that is declared",
        "functions.steps.deploy:_serves",
        'and latest.get("minProvisionedTPS", 1) == _declared(message).min_provisioned_tps',
        "",
        tests=True,
    ),
    Mutation(
        "a campaign has always one TPS",
        "functions.steps.deploy:_settings",
        '"minProvisionedTPS": declared.min_provisioned_tps,',
        '"minProvisionedTPS": 1,',
    ),
    Mutation(
        "a status that is not known is a failure",
        "functions.statuses:meaning",
        '"waiting")',
        '"failed")',
    ),
    Mutation(
        "a version that is taken over while it trains has no slot",
        "functions.steps.train:settle",
        "turnstile.take(message, [VERSION], ports)",
        "pass",
    ),
    Mutation(
        "a filter that was removed comes back",
        "functions.steps.make_filters:observe",
        "if each.arn in declared]",
        "]",
        tests=True,
    ),
    Mutation(
        "what failed before is no filter to make again",
        "functions.steps.make_filters:_call",
        'if meaning(found["status"]) == "failed" and not leaving(found["status"]):',
        "if False:",
    ),
    Mutation(
        "a filter on its way out is deleted again",
        "functions.steps.make_filters:_call",
        ' and not leaving(found["status"])',
        "",
    ),
    Mutation(
        "a filter on its way out is waited for as one that is being made",
        "functions.steps.make_filters:decide",
        "if going:",
        "if False:",
    ),
    Mutation(
        "a filter that is being made counts as made",
        "functions.steps.make_filters:decide",
        "return Await(waits) if waits else Done()",
        "return Done()",
    ),
    Mutation(
        "a refused filter fails nobody",
        "functions.steps.make_filters:decide",
        "if refused:",
        "if False:",
        tests=True,
    ),
    # ------------------------------------------------------------------ the shell
    Mutation(
        "a message that is given up tells nobody",
        "functions.shell:_if_for_the_last_time",
        "if tries < ports.settings.max_tries:",
        "if True:",
        tests=True,
    ),
    Mutation(
        "a message is given up at its first failure",
        "functions.shell:_if_for_the_last_time",
        "if tries < ports.settings.max_tries:",
        "if False:",
    ),
    Mutation(
        "what Lambda throttles counts as a try",
        "functions.shell:_tries",
        "if receives == 1:\n        return 1",
        "if True:\n        return receives",
        tests=True,
    ),
    Mutation(
        "what killed its function each time is tried again",
        "functions.shell:batch",
        "if tries > ports().settings.max_tries:",
        "if False:",
        tests=True,
    ),
    Mutation(
        "a failure of a message is acknowledged",
        "functions.shell:batch",
        "                _if_for_the_last_time(worker.give_up, record, tries, error, ports())\n            raise",
        "                _if_for_the_last_time(worker.give_up, record, tries, error, ports())",
    ),
    Mutation(
        "a lost race is not run again",
        "functions.guarded:change",
        "            pause(tries)\n            continue",
        "            raise",
        tests=True,
    ),
    Mutation(
        "refused calls come back together",
        "functions.timing:refused_pause",
        "share = 0.75 + zlib.crc32(who.encode()) % 1000 / 2000",
        "share = 1.0",
        tests=True,
    ),
    Mutation(
        "a look may be further away than SQS delays",
        "functions.steps.poll:_pause",
        "Pause(min(LONGEST, max(",
        "Pause(max(0.0, max(",
    ),
    # ------------------------------------------------------------------ what is uploaded
    Mutation(
        "letter case makes another column",
        "functions.files:File.lacking",
        "if _loose(name) not in loosely",
        "if name not in self.header",
        tests=True,
    ),
    Mutation(
        "files may have other columns than each other",
        "functions.files:look",
        "if found.problems or len(headers) < 2:",
        "if True:",
        tests=True,
    ),
    Mutation(
        "a warning stops the import",
        "functions.files:_told",
        "if rule.stops is stops",
        "if stops",
        tests=True,
    ),
    Mutation(
        "files of other kinds are imported",
        "functions.files:_marker",
        "if hidden or SUFFIXES.search(file.name)",
        "if hidden",
        tests=True,
    ),
    Mutation(
        "an upload below a folder starts its pipeline",
        "functions.uploads:pipeline_of",
        "folder = f\"{location.rpartition('/')[0]}/\"",
        'folder = next((each for each in folders if location.startswith(each)), "")',
        tests=True,
    ),
    Mutation(
        "a schedule's time is that of an upload",
        "functions.uploads:uploaded_at",
        'trigger.trigger != "upload" or ',
        "",
        tests=True,
    ),
    Mutation(
        "a trigger without a pipeline is a run",
        "functions.uploads:named_by",
        "if not isinstance(pipeline, str):",
        "if False:",
        tests=True,
    ),
)
