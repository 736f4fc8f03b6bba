// Keeps the link status page current: asks for the changing part every 5 s while the page is visible and not paused.
// Nothing moves without news; a gateway that does not answer is said so, with the age of what is shown.
(() => {
  "use strict";
  const PERIOD = 5000;
  const LONGEST = 30000;
  const line = document.querySelector("[data-refresh]");
  const live = document.getElementById("live");
  const asOf = document.getElementById("as-of");
  const said = document.getElementById("said");
  const pause = line.querySelector("button");
  let paused = false;
  let failures = 0;
  let timer = 0;

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-headline]");
    if (!fresh) throw new Error("not the part that was asked for");
    const shown = live.firstElementChild;
    asOf.textContent = fresh.dataset.asOf;
    if (fresh.innerHTML === shown.innerHTML) return;
    if (fresh.dataset.health !== shown.dataset.health) said.textContent = fresh.dataset.headline;
    document.title = document.title.replace(shown.dataset.headline, fresh.dataset.headline);
    const focused = shown.contains(document.activeElement);
    shown.replaceWith(fresh);
    if (focused) fresh.querySelector("[tabindex]")?.focus({ preventScroll: true });
  }

  async function refresh() {
    clearTimeout(timer);
    if (paused || document.hidden) return;
    try {
      const answer = await fetch(line.dataset.refresh, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      show(await answer.text());
      failures = 0;
      line.classList.remove("as-of-old");
    } catch {
      failures += 1;
      if (failures === 1) said.textContent = "The gateway itself does not answer";
      line.classList.add("as-of-old");
      asOf.textContent = asOf.textContent.replace(/^(The gateway does not answer\. )?/, "The gateway does not answer. ");
    }
    timer = setTimeout(refresh, Math.min(PERIOD * 2 ** Math.max(failures - 1, 0), LONGEST));
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);
  line.querySelectorAll("[data-with-script]").forEach((part) => {
    part.hidden = false;
  });
  timer = setTimeout(refresh, PERIOD);
})();
