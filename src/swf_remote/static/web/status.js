// Keeps the status page current: the changing parts come on a stream, or are asked for every 5 s where there is none.
// Only while the page is visible and not paused. A gateway that says nothing is said so, with the age of what is shown.
(() => {
  "use strict";
  const PERIOD = 5000;
  const LONGEST = 30000;
  const SILENT = 15000;
  const TRIES = 3;
  const STREAM_AGAIN = 60000;
  const line = document.querySelector("[data-refresh]");
  const parts = [...document.querySelectorAll("[data-part]")];
  const asOf = document.getElementById("as-of");
  const how = document.getElementById("how");
  const said = document.getElementById("said");
  const pause = line.querySelector("button");
  let paused = false;
  let source = null;
  let failures = 0;
  let rounds = 0;
  let asking = 0;
  let timer = 0;
  let watch = 0;
  let streamAfter = 0;

  function show(part, html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    const shown = part.firstElementChild;
    if (!fresh || (part.dataset.part === "live" && !fresh.dataset.headline)) throw new Error("not the part that was asked for");
    if (fresh.dataset.asOf) asOf.textContent = fresh.dataset.asOf;
    if (fresh.innerHTML === shown.innerHTML) return;
    if (fresh.dataset.headline) {
      if (fresh.dataset.health !== shown.dataset.health) said.textContent = fresh.dataset.headline;
      document.title = document.title.replace(shown.dataset.headline, fresh.dataset.headline);
    }
    const focused = shown.contains(document.activeElement) ? [...shown.querySelectorAll("[tabindex], summary")].indexOf(document.activeElement) : -1;
    shown.querySelectorAll("details[open][id]").forEach((one) => fresh.querySelector(`#${one.id}`)?.setAttribute("open", ""));
    const scrolled = [...shown.querySelectorAll(".table-box")].map((box) => box.scrollLeft);
    shown.replaceWith(fresh);
    fresh.querySelectorAll(".table-box").forEach((box, at) => {
      box.scrollLeft = scrolled[at] || 0;
    });
    if (focused >= 0) fresh.querySelectorAll("[tabindex], summary")[focused]?.focus({ preventScroll: true });
  }

  function works() {
    failures = 0;
    line.classList.remove("as-of-old");
  }

  function fails(words) {
    failures += 1;
    if (failures === 1) said.textContent = words;
    line.classList.add("as-of-old");
    if (!asOf.textContent.startsWith(words)) asOf.textContent = `${words}. ${asOf.textContent}`;
  }

  function stop() {
    clearTimeout(timer);
    clearTimeout(watch);
    asking += 1;
    source?.close();
    source = null;
  }

  function start() {
    stop();
    if (paused || document.hidden) return;
    if (window.EventSource && Date.now() >= streamAfter) listen();
    else ask();
  }

  function listen() {
    let lost = 0;
    const heard = () => {
      lost = 0;
      works();
      how.textContent = "· live";
      clearTimeout(watch);
      watch = setTimeout(instead, SILENT);
    };
    source = new EventSource(line.dataset.stream);
    parts.forEach((part) =>
      source.addEventListener(part.dataset.part, (event) => {
        try {
          show(part, event.data);
          heard();
        } catch {
          instead();
        }
      }),
    );
    source.addEventListener("error", () => {
      lost += 1;
      if (source.readyState === EventSource.CLOSED || lost >= TRIES) instead();
    });
    watch = setTimeout(instead, SILENT);
  }

  function instead() {
    streamAfter = Date.now() + STREAM_AGAIN;
    how.textContent = "· every 5 s";
    start();
  }

  async function ask() {
    const mine = asking;
    try {
      for (const part of parts) {
        // Only the state of the link changes every few seconds.
        if (part.dataset.part === "live" || rounds % 3 === 0) {
          const answer = await fetch(`${line.dataset.refresh}&part=${part.dataset.part}`, { headers: { Accept: "text/html" } });
          if (mine !== asking) return;
          if (answer.status === 404) throw new Error("You are signed out");
          if (!answer.ok) throw new Error("The gateway does not answer");
          show(part, await answer.text());
        }
      }
      rounds += 1;
      works();
    } catch (error) {
      if (mine !== asking) return;
      fails(error.message === "You are signed out" ? error.message : "The gateway does not answer");
    }
    if (mine === asking) timer = setTimeout(start, Math.min(PERIOD * 2 ** Math.max(failures - 1, 0), LONGEST));
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    start();
  });
  document.addEventListener("visibilitychange", start);
  line.querySelectorAll("[data-with-script]").forEach((part) => {
    part.hidden = false;
  });
  start();
})();
