"""How jobs fail: what each kind of failure writes into which error columns, how often, and when in a job's life.

Codes are PanDA's (`error_codes.tsv`), shares those of epic-facts 9, pairs of components those of panda-states 10. Texts
are templates; `fill` puts hosts, paths and times in, so that grouping by text is put to the test as in production.
Long, multi-line, HTML-like and non-ASCII texts are meant: readers of such columns have to live with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from swf_testbed.simulation.core.chance import weighted

#: When a job fails: soon after its start, at its normal end, at its limit, anywhere, or after the payload.
Moment = Literal["early", "late", "limit", "anywhere"]
#: Who ends the job: the pilot reports, the pilot falls silent, its worker dies, or the server cannot register output.
Ending = Literal["report", "silence", "worker", "registration"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One kind of failure. ``columns`` are constant values, ``texts`` alternatives of template texts."""

    name: str
    share: float
    moment: Moment
    ending: Ending
    columns: Mapping[str, Any]
    texts: tuple[Mapping[str, str], ...] = field(default=({},))
    uses_storage: bool = False


_EXIT: Final = "piloterrordiag"
_PAYLOAD: Final = {"piloterrorcode": 1305, "ddmerrorcode": 200}
_NOT_REGISTERED: Final = "Could not add files to DDM: output of a failed job is not registered"


def _payload(
    name: str, share: float, moment: Moment, exit_code: int, exe: int, *texts: tuple[str, str], **more: Any
) -> Failure:
    columns = {**_PAYLOAD, "transexitcode": str(exit_code), "exeerrorcode": exe}
    filled = tuple({_EXIT: pilot, "exeerrordiag": payload, "ddmerrordiag": _NOT_REGISTERED} for pilot, payload in texts)
    return Failure(name, share, moment, "report", columns, filled, **more)


def _pilot(name: str, share: float, moment: Moment, code: int, *texts: str, **more: Any) -> Failure:
    return Failure(
        name, share, moment, "report", {"piloterrorcode": code}, tuple({_EXIT: text} for text in texts), **more
    )


def _worker(name: str, share: float, code: int, *texts: str) -> Failure:
    columns = {"taskbuffererrorcode": 300, "superrorcode": code}
    filled = tuple(
        {
            "taskbuffererrordiag": f"The worker was failed while the job was running : {text}",
            "superrordiag": f"Diag from worker : {text}",
        }
        for text in texts
    )
    return Failure(name, share, "anywhere", "worker", columns, filled)


_GEANT_DUMP: Final = """Exception raised in step 3 of 4 (reconstruction)
-------- EEEE ------- G4Exception-START -------- EEEE -------
*** G4Exception : GeomNav0003
      issued by : G4Navigator::ComputeStep()
Stuck in volume <DIRC_bar_{n}> at (x,y,z) = ({n}.{k}, -{k}.{n}, 312.{k}) mm
*** Event Must Be Aborted ***
-------- EEEE -------- G4Exception-END --------- EEEE -------
Traceback (most recent call last):
  File "{path}/run_epic.py", line {line}, in <module>
    main(sys.argv[1:])
  File "{path}/epic/steps.py", line 118, in run_step
    raise StepFailed(f"{{step.name}} ended with {{code}}")
epic.steps.StepFailed: npsim ended with 134"""

_LONG_LISTING: Final = "Required output is missing after the payload: " + ", ".join(
    f"{{stem}}_{part:03d}.eicrecon.edm4eic.root" for part in range(12)
)

FAILURES: Final = (
    _payload(
        "payload_crash",
        16,
        "late",
        134,
        8,
        ("Payload execution error: exit code 134 on {host}", _GEANT_DUMP),
        (
            "Payload execution error: exit code 134",
            "npsim: terminate called after throwing an instance of 'std::bad_alloc'",
        ),
        (
            "Payload failed: exit code 134",
            "eicrecon: *** Break *** abort in JEventProcessorPODIO, event {n}{k}, thread {k}",
        ),
    ),
    _payload(
        "payload_exit",
        12,
        "late",
        1,
        1,
        ("Payload failed: exit code 1", "bash: line {line}: {path}/install/bin/eic-info: No such file or directory"),
        ("Payload failed: exit code 1: see payload.stderr", "curl: (28) Operation timed out after 300{k} milliseconds"),
        (
            "Payload failed: exit code 1",
            "Messung außerhalb des gültigen Bereichs: θ > 177° (η ≈ 3,6) für Ereignis №{n}",
        ),
        ("Payload failed: exit code 1", "日本語ロケールで失敗しました: 磁場マップ {stem}.txt が読めません"),
        (
            "Payload failed: exit code 1 & <unknown> cause",
            '<b>Fatal</b>: field map <a href="{url}">{stem}</a> is "not" readable & retried 3 times…',
        ),
    ),
    _payload(
        "payload_segfault",
        4,
        "anywhere",
        139,
        11,
        ("Payload execution error: exit code 139", "Segmentation fault (core dumped) in libDDCore.so at 0x7f{n}{k}a0"),
    ),
    _payload(
        "container",
        3,
        "early",
        255,
        0,
        ("Payload failed to start: cannot guess container to use for {path}/eic_xl.sif", ""),
        ("Failed to execute payload: FATAL:   could not open image {container}: no such file or directory", ""),
    ),
    _payload(
        "rucio_registration",
        9,
        "late",
        1,
        70,
        (
            "Payload failed: exit code 1: output was made but could not be registered",
            "rucio upload: An unknown exception occurred.\nDetails: Checksum of {lfn} at {rse} timed out after 600 s "
            "(HTTP 500)\n<html><head><title>500</title></head><body><h1>Internal Server Error</h1>"
            "<p>The server encountered an error &amp; could not complete your request.</p></body></html>",
        ),
        (
            "Payload failed: exit code 1: output was made but could not be registered",
            "DataIdentifierAlreadyExists: Data Identifier epic:{lfn} exists with another checksum (ad:{adler})",
        ),
        uses_storage=True,
    ),
    _payload(
        "remote_checksum",
        6,
        "late",
        1,
        70,
        (
            "Could not get the checksum of {lfn} at {rse}",
            "gfal-sum: error 70 (Communication error on send) for {door}/{lfn}",
        ),
        uses_storage=True,
    ),
    Failure(
        "lost_heartbeat",
        11,
        "limit",
        "silence",
        {"jobdispatchererrorcode": 100},
        ({"jobdispatchererrordiag": "lost heartbeat : {heartbeat}"},),
    ),
    _worker("worker_condor", 4, 8983, "Job removed by periodic remove on {host}: state unchanged for too long"),
    _worker(
        "worker_slurm",
        2.5,
        4215,
        "slurmstepd: error: *** JOB {pid} ON nid{n} CANCELLED AT {when} DUE TO TIME LIMIT ***",
    ),
    _worker(
        "worker_backoff",
        3,
        6801,
        "BackoffLimitExceeded: retry limit reached : Job has reached the specified backoff limit",
    ),
    _worker(
        "worker_node", 2, 6884, "Job killed due to imminent node shutdown: gke-epic-spot-{n} got a preemption notice"
    ),
    _worker(
        "worker_general", 3, 9000, "condor_q knows nothing about {pid}.{k} any more", "worker {pid} reported status -"
    ),
    _pilot(
        "stage_out",
        4,
        "late",
        1137,
        "Failed to stage-out file: {door}/{lfn} is not a valid URI for protocol davs",
        "rucio upload failed with ServiceUnavailable at {rse}: [{when}] An error occurred while copying {lfn}",
        uses_storage=True,
    ),
    _pilot(
        "stage_out_timeout",
        4,
        "late",
        1152,
        "Stage-out of {lfn} to {rse} timed out after 1800 s: authentication with the storage did not finish",
        uses_storage=True,
    ),
    _pilot("missing_output", 1.5, "late", 1165, _LONG_LISTING),
    Failure(
        "registration",
        5,
        "late",
        "registration",
        {"ddmerrorcode": 200},
        (
            {"ddmerrordiag": "Could not add files to DDM: dataset group.EIC:{dataset} is closed"},
            {"ddmerrordiag": "rucio.common.exception.UnsupportedOperation: the dataset {dataset} is closed <{when}>"},
        ),
    ),
    Failure(
        "holding_timeout",
        1,
        "late",
        "registration",
        {"jobdispatchererrorcode": 103, "ddmerrorcode": 200},
        (
            {
                "jobdispatchererrordiag": "timeout in holding : last heartbeat at {heartbeat}",
                "ddmerrordiag": "Adder gave up on {rse}",
            },
        ),
        uses_storage=True,
    ),
    _pilot(
        "stage_in",
        2,
        "early",
        1099,
        "Failed to stage-in {lfn}: no replica answered within 900 s",
        "xrdcp: [3011] No such file {path}",
    ),
    _pilot("stage_in_timeout", 1, "early", 1151, "Copy command timed out after 3600 s: {door}/{lfn}"),
    _pilot("max_time", 1.5, "limit", 1213, "Batch system time limit reached on {host}: 86400 s"),
    _pilot("memory_limit", 1.5, "anywhere", 1235, "Payload uses {n}{k} kB, more than the limit of 4194304 kB: killed"),
    _pilot(
        "out_of_memory",
        1,
        "anywhere",
        1212,
        "Payload ran out of memory on {host} (oom_kill in cgroup /slurm/job_{pid})",
    ),
    Failure(
        "sandbox_purged",
        2,
        "early",
        "report",
        {**_PAYLOAD, "exeerrorcode": 5303, "transexitcode": "2"},
        (
            {
                _EXIT: "Payload failed: exit code 2",
                "exeerrordiag": "sandbox archive jobO.{hash}.tar.gz cannot be downloaded from the cache (purged?)",
                "ddmerrordiag": _NOT_REGISTERED,
            },
        ),
    ),
    _pilot("no_local_space", 0.5, "early", 1098, "Too little space on local disk of {host}: {n} MB of 30000 MB"),
    _pilot("cvmfs", 0.5, "early", 1377, "CVMFS repository singularity.opensciencegrid.org is not alive on {host}"),
    _pilot(
        "looping", 0.5, "limit", 1150, "Looping job killed: no output touched for 12 h, last file {path}/{stem}.log"
    ),
)
BY_NAME: Final = {failure.name: failure for failure in FAILURES}

#: What goes wrong when the storage of a task's output is ill, and when a queue is in trouble.
STORAGE_ILL: Final = tuple(failure for failure in FAILURES if failure.uses_storage)
QUEUE_ILL: Final = tuple(
    BY_NAME[name] for name in ("lost_heartbeat", "worker_general", "cvmfs", "no_local_space", "container")
)

#: What fails for good at once, or sooner than others (the retry rules of `catalogue.reference`).
_FINAL_EARLY: Final = ("registration", "sandbox_purged")
#: What a good day brings: each of these is tried again until the input's attempts are used up.
QUIET: Final = tuple(failure for failure in FAILURES if failure.name not in _FINAL_EARLY)
#: A site that lost the software: every pilot says the same.
SITE_BROKEN: Final = _pilot("site_broken", 0, "early", 1377, "CVMFS repository eic.opensciencegrid.org is not alive")
#: A release with a library that does not fit: the same text at every site.
RELEASE_BROKEN: Final = Failure(
    "release_broken",
    0,
    "early",
    "report",
    {"piloterrorcode": 1305, "exeerrorcode": 127, "transexitcode": "127"},
    (
        {
            _EXIT: "Payload failed: exit code 127",
            "exeerrordiag": "eicrecon: symbol lookup error: libepic_tracking.so: undefined symbol: epic::FieldMap::v2",
        },
    ),
)
#: A user's own mistake.
SCRIPT_BROKEN: Final = Failure(
    "script_broken",
    0,
    "early",
    "report",
    {"piloterrorcode": 1305, "exeerrorcode": 2, "transexitcode": "2"},
    (
        {
            _EXIT: "Payload failed: exit code 2",
            "exeerrordiag": "Traceback: File analysis.py, line 12: ModuleNotFoundError: No module named 'my_cuts'",
        },
    ),
)

#: Failures of one batch system do not happen at another.
_ONLY_AT: Final = {"worker_condor": "condor", "worker_slurm": "slurm", "worker_backoff": "k8s", "worker_node": "k8s"}


def pick(luck: Any, choices: tuple[Failure, ...], batch: str) -> Failure:
    """One kind of failure that can happen on this batch system."""
    possible = [failure for failure in choices if _ONLY_AT.get(failure.name, batch) == batch]
    return weighted(luck, possible, [failure.share for failure in possible])


def fill(failure: Failure, luck: Any, facts: Mapping[str, str]) -> dict[str, Any]:
    """The values of a failed job's error columns."""
    numbers = {"n": f"{luck.randint(10, 4999)}", "k": f"{luck.randint(0, 9)}", "line": f"{luck.randint(20, 400)}"}
    text = luck.choice(failure.texts)
    return {**failure.columns, **{column: template.format(**facts, **numbers) for column, template in text.items()}}
