// Keeps the dashboard current: what changes is asked for every 10 s, while the page is visible and not paused. A part in
// which somebody types is left alone. A gateway that says nothing is said so, with the age of what is shown.
(() => {
  "use strict";
  const PERIOD = 10000;
  const LONGEST = 60000;
  const line = document.querySelector("[data-refresh]");
  if (!line) return;
  const asOf = document.getElementById("as-of");
  const said = document.getElementById("said");
  const pause = line.querySelector("button[data-with-script]");
  let paused = false;
  let failures = 0;
  let asking = 0;
  let timer = 0;

  // Each drawing has new tokens against forgery in its forms; they are no change.
  const plain = (block) => block.innerHTML.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1");

  function isInUse(block) {
    const typed = [...block.querySelectorAll("input:not([type=hidden]), textarea")].some((one) => one.value !== one.defaultValue);
    const field = block.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    return typed || field;
  }

  function replace(shown, fresh) {
    const controls = "a, button, input, select, summary, [tabindex]";
    const focused = shown.contains(document.activeElement) ? [...shown.querySelectorAll(controls)].indexOf(document.activeElement) : -1;
    shown.querySelectorAll("details[open][id]").forEach((one) => fresh.querySelector(`#${CSS.escape(one.id)}`)?.setAttribute("open", ""));
    const scrolled = [...shown.querySelectorAll(".table-box")].map((box) => box.scrollLeft);
    shown.replaceWith(fresh);
    fresh.querySelectorAll(".table-box").forEach((box, at) => {
      box.scrollLeft = scrolled[at] || 0;
    });
    if (focused >= 0) fresh.querySelectorAll(controls)[focused]?.focus({ preventScroll: true });
  }

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-live]");
    const shown = document.querySelector("[data-live]");
    if (!fresh) throw new Error("not the part that was asked for");
    asOf.textContent = fresh.dataset.asOf;
    document.title = fresh.dataset.title;
    if (fresh.dataset.said !== shown.dataset.said) said.textContent = fresh.dataset.said;
    Object.assign(shown.dataset, fresh.dataset);
    fresh.querySelectorAll("[data-block]").forEach((block) => {
      const old = document.getElementById(block.id);
      if (!old) shown.append(document.adoptNode(block));
      else if (plain(old) !== plain(block) && !isInUse(old)) replace(old, document.adoptNode(block));
    });
  }

  function fails() {
    const words = "The gateway does not answer";
    failures += 1;
    line.classList.add("as-of-old");
    if (failures === 1) said.textContent = words;
    if (!asOf.textContent.startsWith(words)) asOf.textContent = `${words}. ${asOf.textContent}`;
  }

  async function ask() {
    const mine = asking;
    try {
      const target = line.dataset.refresh;
      const answer = await fetch(`${target}${target.includes("?") ? "&" : "?"}part=live`, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (mine !== asking) return;
      show(html);
      failures = 0;
      line.classList.remove("as-of-old");
    } catch {
      if (mine !== asking) return;
      fails();
    }
    timer = setTimeout(ask, Math.min(PERIOD * 2 ** failures, LONGEST));
  }

  function start(wait) {
    clearTimeout(timer);
    asking += 1;
    if (!paused && !document.hidden) timer = setTimeout(ask, wait);
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    start(0);
  });
  document.addEventListener("visibilitychange", () => start(0));
  document.addEventListener("alarms-changed", () => start(0));
  // A form that was drawn anew is sent once, too.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || !form.closest("[data-live]")) return;
    if (form.dataset.pressed) event.preventDefault();
    form.dataset.pressed = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-pressed]").forEach((form) => delete form.dataset.pressed));
  line.querySelectorAll("[data-with-script]").forEach((part) => {
    part.hidden = false;
  });
  start(PERIOD);
})();
