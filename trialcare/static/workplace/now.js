// Keeps the "needs me now" list fresh. Nobody looking: nothing is fetched. Not fresh: the page says so, loudly.
(() => {
  "use strict";
  const EVERY = 10_000;
  const TIMEOUT = 8_000;

  document.addEventListener("DOMContentLoaded", () => {
    const list = document.querySelector("[data-now]");
    if (!list) return;
    const stale = document.querySelector("[data-now-stale]");
    const busy = () => list.contains(document.activeElement) && document.activeElement.matches("select, textarea, input");

    const refresh = async () => {
      if (document.visibilityState !== "visible" || busy()) return;
      try {
        const answer = await fetch(list.dataset.now, {
          headers: { "X-Fetched-By": "page" },
          redirect: "manual",
          cache: "no-store",
          signal: AbortSignal.timeout(TIMEOUT),
        });
        if (!answer.ok) throw new Error("no list");
        const text = await answer.text();
        if (!busy()) list.innerHTML = text;
        stale.hidden = true;
      } catch {
        stale.hidden = false;
      }
    };
    setInterval(refresh, EVERY);
    document.addEventListener("visibilitychange", refresh);
  });
})();
