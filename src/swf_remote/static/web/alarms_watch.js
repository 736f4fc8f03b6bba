// Watching: whoever asks for it is notified by the browser of each alarm that begins to fire, as long as the page is open.
// What fired when the watch began is no news. The choice lasts as long as the tab.
(() => {
  "use strict";
  const KEPT = "alarms-watching";
  const button = document.querySelector("[data-watch]");
  if (!button || !("EventSource" in window) || !("Notification" in window)) return;
  const loud = document.getElementById("watch-said");
  let source = null;
  let known = null;

  function say(words) {
    button.textContent = words;
    button.setAttribute("aria-pressed", String(source !== null));
  }

  function notify(one) {
    const shown = new Notification(`${one.severity}: ${one.subject}`, { tag: one.id, body: one.alarm });
    shown.addEventListener("click", () => {
      window.focus();
      location.assign(one.url);
    });
  }

  function hear(message) {
    const { newest } = JSON.parse(message.data);
    const fresh = known === null ? [] : newest.filter((one) => !known.has(one.id));
    known = new Set([...(known || []), ...newest.map((one) => one.id)]);
    button.dataset.known = String(known.size);
    if (!fresh.length) return;
    loud.textContent = fresh.length === 1 ? `Fires now: ${fresh[0].subject}` : `${fresh.length} alarms fire now`;
    fresh.forEach(notify);
    document.dispatchEvent(new Event("alarms-changed"));
  }

  function watch() {
    source = new EventSource(button.dataset.watch);
    source.addEventListener("firing", hear);
    source.addEventListener("open", () => say("Watching"));
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) {
        rest();
        say("Watch broken off. Watch again");
      } else {
        say("Watch interrupted");
      }
    });
    sessionStorage.setItem(KEPT, "yes");
    say("Watching");
  }

  function rest() {
    if (source) source.close();
    source = null;
    known = null;
    sessionStorage.removeItem(KEPT);
    say("Notify me");
  }

  async function turn() {
    if (source) {
      rest();
    } else if ((await Notification.requestPermission()) === "granted") {
      watch();
    } else {
      say("This browser does not allow notifications");
    }
  }

  button.hidden = false;
  button.addEventListener("click", turn);
  if (sessionStorage.getItem(KEPT) && Notification.permission === "granted") watch();
})();
