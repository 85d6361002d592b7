// Keeps the "needs me now" list fresh. Nobody looking: nothing is fetched. Not fresh: the page says so, loudly.
(() => {
  "use strict";
  const EVERY = 10_000;
  const TIMEOUT = 8_000;

  document.addEventListener("DOMContentLoaded", () => {
    const list = document.querySelector("[data-now]");
    if (!list) return;
    const stale = document.querySelector("[data-now-stale]");
    const said = document.querySelector("[data-now-said]");
    const title = document.title;
    let isPressed = false;
    // A list that changes under a finger would swallow the touch.
    document.addEventListener("pointerdown", () => { isPressed = true; });
    for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { isPressed = false; });

    // What leads to the same place is the same thing, for whoever works by keyboard.
    const placeOf = (element) => element.getAttribute("href") || element.closest("form")?.getAttribute("action");
    const put = (text) => {
      const focused = list.contains(document.activeElement) ? placeOf(document.activeElement) : null;
      list.innerHTML = text;
      if (!focused) return;
      [...list.querySelectorAll("a, button")].find((each) => placeOf(each) === focused)?.focus({ preventScroll: true });
    };
    // Said aloud, and counted in the tab's name, only when it changes.
    const tell = () => {
      const { count, words } = list.querySelector("[data-count]").dataset;
      document.title = count === "0" ? title : `(${count}) ${title}`;
      if (said.textContent !== words) said.textContent = words;
    };

    const refresh = async () => {
      if (document.visibilityState !== "visible" || isPressed) return;
      try {
        const answer = await fetch(list.dataset.now, {
          headers: { "X-Fetched-By": "page" },
          redirect: "manual",
          cache: "no-store",
          signal: AbortSignal.timeout(TIMEOUT),
        });
        if (!answer.ok) throw new Error("no list");
        const text = await answer.text();
        if (!isPressed) put(text);
        tell();
        stale.hidden = true;
      } catch {
        stale.hidden = false;
      }
    };
    tell();
    setInterval(refresh, EVERY);
    document.addEventListener("visibilitychange", refresh);
  });
})();
