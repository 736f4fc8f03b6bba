// The editor of alarms: a preview that follows what is typed, a warning before unsaved changes are left, and a draft that
// survives a log-in. The page is whole without it.
(() => {
  "use strict";

  const REST = 1200;
  const form = document.querySelector("[data-editor]");
  if (!form) return;
  const side = document.querySelector(".side");
  const preview = document.getElementById("preview");
  const status = document.querySelector("[data-preview-status]");
  const button = form.querySelector("[data-preview]");
  const PREFIX = "swf-alarm-draft";
  const key = `${PREFIX} ${location.pathname}${location.search.replace(/[?&]saved=\d+/, "")}`;
  let timer = 0;
  let running = null;
  let isDirty = form.hasAttribute("data-typed");

  const typed = () => new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken"));

  function tell(words) {
    status.textContent = words;
  }

  async function look() {
    clearTimeout(timer);
    running?.abort();
    const mine = new AbortController();
    running = mine;
    side.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(button.getAttribute("formaction"), {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Requested-With": "XMLHttpRequest" },
        signal: mine.signal,
      });
      if (answer.ok) {
        preview.innerHTML = await answer.text();
        tell((preview.querySelector(".look-count, .notice p, p")?.textContent ?? "").replace(/\s+/g, " ").trim());
      } else {
        await refused(answer);
      }
    } catch (error) {
      if (error.name !== "AbortError") say("The gateway was not reached; the preview is as old as it says.");
    } finally {
      if (running === mine) {
        running = null;
        side.setAttribute("aria-busy", "false");
      }
    }
  }

  async function refused(answer) {
    const problem = await answer.json().catch(() => ({}));
    if (answer.status === 429) {
      timer = setTimeout(look, 1000 * (problem.retry_after || 5));
      return;
    }
    say(`${problem.title ?? "The preview failed"}. ${problem.detail ?? ""}`);
  }

  function say(words) {
    const line = document.createElement("p");
    line.className = "bad";
    line.textContent = words;
    preview.prepend(line);
    tell(words);
  }

  function changed() {
    isDirty = true;
    sessionStorage.setItem(key, typed().toString());
    clearTimeout(timer);
    timer = setTimeout(look, REST);
  }

  function restore(text) {
    const values = new URLSearchParams(text);
    for (const input of form.elements) {
      if (!input.name || input.type === "hidden") continue;
      if (input.type === "checkbox") input.checked = values.getAll(input.name).includes(input.value);
      else if (values.has(input.name)) input.value = values.get(input.name);
    }
    changed();
  }

  function offerDraft() {
    const text = sessionStorage.getItem(key);
    const line = document.querySelector("[data-draft]");
    if (!text || form.hasAttribute("data-typed")) return;
    if (text === typed().toString()) {
      sessionStorage.removeItem(key);
      return;
    }
    line.hidden = false;
    line.querySelector("[data-draft-restore]").addEventListener("click", () => {
      restore(text);
      line.hidden = true;
    });
    line.querySelector("[data-draft-drop]").addEventListener("click", () => {
      sessionStorage.removeItem(key);
      line.hidden = true;
    });
  }

  form.addEventListener("input", changed);
  button.addEventListener("click", (event) => {
    event.preventDefault();
    look();
    side.scrollIntoView({ block: "nearest" });
  });
  form.addEventListener("submit", () => {
    isDirty = false;
  });
  addEventListener("beforeunload", (event) => {
    if (isDirty) event.preventDefault();
  });
  // What was saved needs no draft; a new alarm was typed at another address.
  if (document.querySelector("[data-saved]")) {
    Object.keys(sessionStorage).filter((one) => one.startsWith(PREFIX)).forEach((one) => sessionStorage.removeItem(one));
  }
  offerDraft();
})();
