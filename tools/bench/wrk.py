"""wrk as load: so many readers, each asking again as soon as it is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .contestants import Contestant
from .processes import BenchError, cores

# Requests are made before the clock runs: what differs from one to the next is a cookie, an address or a number.
_SCRIPT = """
local cookies = {{ {cookies} }}
local target, readers, counted, made = "{target}", {readers}, {counted}, {{}}
local number, first = 0, {first}
local function fields(n)
  local told = {{ ["X-Forwarded-For"] = string.format("10.0.%d.%d", math.floor(n / 250), n % 250 + 1) }}
  {more}
  if #cookies > 0 then told["Cookie"] = cookies[n % #cookies + 1] end
  return told
end
init = function(arguments)
  for n = 0, readers - 1 do made[n] = wrk.format("GET", target .. (counted and "@" or ""), fields(n)) end
end
request = function()
  number = number + 1
  local text = made[number % readers]
  if counted then return (string.gsub(text, "@", tostring(first + number), 1)) end
  return text
end
done = function(summary, latency, requests)
  io.write(string.format('\\nRESULT {{"requests": %d, "microseconds": %d, "bad": %d, "broken": %d, "p99": %d}}\\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw."""

    rate: float
    """Good answers a second."""
    failed: int
    """Answers other than 2xx and 3xx, and connections that broke."""
    requests: int
    busy: float
    """Share of the contestant's core that was in use, in percent; below 90 something else was the limit."""

    @property
    def words(self) -> str:
        """As it stands beside a ratio."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.rate:,.0f}/s ({self.per_core:,.0f} per full core){failed}"

    @property
    def per_core(self) -> float:
        """What a whole core would do: the fairer figure where the core was shared or not the limit."""
        return 100 * self.rate / self.busy if self.busy else 0.0


async def load(
    contestant: Contestant,
    target: str,
    *,
    readers: int,
    seconds: float,
    folder: Path,
    cookies: Sequence[str] = (),
    counted: bool = False,
    gzip: bool = False,
    first: int = 0,
) -> Load:
    """Load a contestant; `counted` appends a number, from `first` on, so that no target is asked twice.

    Raises:
        BenchError: wrk failed.
    """
    script = folder / "load.lua"
    script.write_text(
        _SCRIPT.format(
            cookies=", ".join(f'"{cookie}"' for cookie in cookies),
            target=target,
            readers=readers,
            counted=str(counted).lower(),
            first=first,
            more='told["Accept-Encoding"] = "gzip"' if gzip else "",
        )
    )
    command = ["taskset", "-c", str(cores()[0]), "wrk", "-t1", f"-c{readers}", f"-d{max(1, round(seconds))}s"]
    before = contestant.process.cpu_seconds()
    process = await asyncio.create_subprocess_exec(
        *command, "--timeout", "30s", "-s", str(script), contestant.url, stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    line = next((line for line in out.decode().splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise BenchError(f"bench: wrk did not get through:\n{out.decode()[-1000:]}")
    told = json.loads(line.removeprefix("RESULT "))
    took = told["microseconds"] / 1e6
    busy = 100 * (contestant.process.cpu_seconds() - before) / took
    failed = told["bad"] + told["broken"]
    return Load((told["requests"] - told["bad"]) / took, failed, told["requests"], busy)
