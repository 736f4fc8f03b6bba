/* "Follow live": after a click opens the event stream and shows what changed without moving what is being read.
   A table's visible rows change their state in place; everything else waits behind "N changes, show". Where the
   stream cannot be had, the page asks again every so often. Closed when the page is hidden or left. */
(() => {
  const POLL_MS = 15_000;
  const place = document.querySelector(".live");
  if (!place) return;
  const toggle = document.getElementById("live-toggle");
  const state = document.getElementById("live-state");
  const show = document.getElementById("live-show");
  const wanted = place.dataset.liveMatch ? JSON.parse(place.dataset.liveMatch) : null;
  let stream = null;
  let timer = null;
  let changes = 0;
  let on = false;

  /* --- what a change does to this page --- */
  function concerns(change) {
    if (!wanted) return true;
    return Object.entries(wanted).some(([key, value]) => change[key] === value);
  }

  function updateRow(name, change) {
    const live = window.swfTable?.settings?.live;
    if (!live || live.event !== name) return;
    const row = document.querySelector(`#main-table tr[data-row-id="${CSS.escape(String(change[live.key]))}"]`);
    const mark = row?.cells[live.status_column]?.querySelector("[data-fill]");
    if (!mark || !change.status || mark.textContent === change.status) return;
    mark.textContent = change.status;
    mark.dataset.fill = `${change.status}_fill`;
    mark.title = "changed just now";
    window.swfPaintFills(row);
  }

  function counted(name, change) {
    const live = window.swfTable?.settings?.live;
    return live ? live.event === name : concerns(change);
  }

  function receive(event) {
    const change = JSON.parse(event.data);
    updateRow(event.type, change);
    if (!counted(event.type, change)) return;
    changes += 1;
    show.hidden = false;
    show.textContent = `${changes} change${changes === 1 ? "" : "s"}, show`;
  }

  async function refreshRegions() {
    const reply = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const region of document.querySelectorAll("[data-live-region]")) {
      const newer = fresh.querySelector(`[data-live-region="${CSS.escape(region.dataset.liveRegion)}"]`);
      if (newer) region.replaceChildren(...newer.childNodes);
    }
    window.swfPaintFills(document);
  }

  async function refresh() {
    changes = 0;
    show.hidden = true;
    try {
      if (window.swfTable) window.swfTable.reload();
      else await refreshRegions();
    } catch (problem) {
      state.textContent = `Not refreshed: ${problem.message}.`;
    }
  }

  /* --- connection --- */
  function clock() {
    return `${new Date().toISOString().slice(11, 19)} UTC`;
  }

  function poll() {
    state.textContent = `No event stream; asking every ${POLL_MS / 1000} s.`;
    clearInterval(timer);
    timer = setInterval(refresh, POLL_MS);
  }

  function open() {
    if (stream || !on || document.hidden) return;
    if (!window.EventSource) {
      poll();
      return;
    }
    state.textContent = "Connecting …";
    const source = new EventSource(place.dataset.liveUrl);
    stream = source;
    source.addEventListener("connected", () => {
      state.textContent = `Live since ${clock()}`;
    });
    source.addEventListener("task_state", receive);
    source.addEventListener("job_state", receive);
    source.addEventListener("error", () => {
      if (stream !== source) return;
      if (source.readyState === EventSource.CLOSED) {
        close();
        poll();
      } else {
        state.textContent = "Connection lost, trying again …";
      }
    });
  }

  function close() {
    stream?.close();
    stream = null;
    clearInterval(timer);
    timer = null;
  }

  function set(yes) {
    on = yes;
    toggle.setAttribute("aria-pressed", String(yes));
    if (yes) {
      open();
    } else {
      close();
      state.textContent = "";
    }
  }

  toggle.addEventListener("click", () => set(!on));
  show.addEventListener("click", refresh);
  window.addEventListener("pagehide", close);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (on) open();
  });
})();
