// Every handset of the demo as a chat. Asks for news every two seconds; what is typed travels the inbound path of a real text.
(() => {
  "use strict";
  const EVERY = 2_000;
  const main = document.querySelector("main");
  const words = document.getElementById("words").dataset;
  const list = document.getElementById("texts");
  const select = document.getElementById("handset");
  const wide = document.getElementById("handsets");
  const stale = document.getElementById("stale");
  const form = document.getElementById("write");
  const field = document.getElementById("text");
  let chosen = location.hash.slice(1);
  let shownHandsets = "";
  let shownTexts = "";

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const choose = (number) => {
    chosen = number;
    history.replaceState(null, "", `#${number}`);
    refresh();
  };

  const showHandsets = (handsets) => {
    const now = JSON.stringify([handsets, chosen]);
    if (now === shownHandsets) return;
    shownHandsets = now;
    wide.replaceChildren();
    select.replaceChildren();
    for (const group of ["participants", "caregivers", "staff", "unknown"]) {
      const members = handsets.filter((each) => each.group === group);
      if (!members.length) continue;
      wide.append(element("h3", words[group]));
      const options = element("optgroup");
      options.label = words[group];
      for (const each of members) {
        const button = element("button", `${each.name} `);
        button.type = "button";
        button.append(element("small", `${each.number} ${each.language}`));
        button.setAttribute("aria-current", String(each.number === chosen));
        button.addEventListener("click", () => choose(each.number));
        wide.append(button);
        const option = element("option", `${each.name} ${each.number}`);
        option.value = each.number;
        option.selected = each.number === chosen;
        options.append(option);
      }
      select.append(options);
    }
    const current = handsets.find((each) => each.number === chosen);
    document.getElementById("who").textContent = current ? `${current.name} · ${current.number}` : "";
  };

  const showTexts = (texts) => {
    const now = JSON.stringify([chosen, texts]);
    if (now === shownTexts) return;
    shownTexts = now;
    list.replaceChildren(
      ...texts.map((each) => {
        const item = element("li", "", each.mine ? "mine" : "");
        item.append(element("p", each.text), element("small", `${each.at} · ${each.state}`));
        return item;
      }),
    );
    if (!texts.length) list.append(element("li", words.empty, "empty"));
    list.scrollTop = list.scrollHeight;
  };

  const refresh = async () => {
    try {
      const asked = chosen;
      const answer = await fetch(`${main.dataset.state}?number=${encodeURIComponent(asked)}`, { cache: "no-store" });
      if (!answer.ok) throw new Error("no state");
      const state = await answer.json();
      if (asked !== chosen) return;
      chosen = state.chosen;
      showHandsets(state.handsets);
      showTexts(state.texts);
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = field.value;
    if (!text.trim()) return;
    const answer = await fetch(main.dataset.texts, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: JSON.stringify({ number: chosen, text }),
    }).catch(() => null);
    if (answer && answer.ok) field.value = "";
    else alert(words.refused);
    refresh();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  select.addEventListener("change", () => choose(select.value));
  refresh();
  setInterval(refresh, EVERY);
})();
