// Small comforts of the gateway's own pages; each page is whole without them.
(() => {
  "use strict";

  function themeButtons(group) {
    const buttons = [...group.querySelectorAll("button")];
    const show = () => {
      const chosen = window.swfTheme.choice();
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.value === chosen)));
    };
    buttons.forEach((button) =>
      button.addEventListener("click", () => {
        window.swfTheme.choose(button.value);
        show();
      }),
    );
    show();
    group.hidden = false;
  }

  function copyButton(button) {
    const source = document.getElementById(button.dataset.copy);
    if (!navigator.clipboard || !source) return;
    const label = button.innerHTML;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = "Copied";
      setTimeout(() => {
        button.innerHTML = label;
      }, 3000);
    });
    button.hidden = false;
  }

  // The menu closes on Escape, which returns the focus, and on a tap elsewhere.
  function menu(details) {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && details.open) {
        details.open = false;
        details.querySelector("summary").focus();
      }
    });
    document.addEventListener("click", (event) => {
      if (!details.contains(event.target)) details.open = false;
    });
  }

  // A form is sent once, however often its button is pressed.
  function sendOnce(form) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
    addEventListener("pageshow", () => delete form.dataset.sent);
  }

  document.querySelectorAll("[data-theme-choice]").forEach(themeButtons);
  document.querySelectorAll("[data-copy]").forEach(copyButton);
  document.querySelectorAll(".bar-menu").forEach(menu);
  document.querySelectorAll('form[method="post"]').forEach(sendOnce);
  document.querySelector("[data-take-focus]")?.focus();
})();
