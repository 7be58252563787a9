// The lists of sentences are made when they are opened: the page holds every sentence once.
"use strict";
const held = JSON.parse(document.getElementById("sentences").textContent);
const AT_ONCE = 50;

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function sentence(row) {
  const [source, reference, ...translations] = held.texts[row];
  const list = element("dl");
  const add = (label, text) => list.append(label, element("dd", text));
  add(element("dt", `sentence ${row + 1}`), source);
  add(element("dt", "reference"), reference);
  translations.forEach(([text, chrf], system) => {
    const label = element("dt");
    if (translations.length > 1) label.append(element("span", undefined, "key " + (system ? "second" : "first")));
    label.append(held.systems[system] + " ", element("span", chrf.toFixed(1), "chrf"));
    add(label, text);
  });
  const item = element("li");
  item.append(list);
  return item;
}

function fill(details) {
  const rows = details.dataset.rows.split(" ").filter(Boolean).map(Number);
  const list = element("ol", undefined, "pairs");
  const more = element("button");
  more.type = "button";
  let shown = 0;
  function extend() {
    const first = list.children.length;
    rows.slice(shown, shown + AT_ONCE).forEach((row) => list.append(sentence(row)));
    shown = Math.min(rows.length, shown + AT_ONCE);
    more.textContent = `Show more: ${(rows.length - shown).toLocaleString("en")} are left`;
    more.hidden = shown === rows.length;
    if (first) {
      list.children[first].tabIndex = -1;
      list.children[first].focus();
    }
  }
  more.addEventListener("click", extend);
  extend();
  details.append(list, more);
}

document.querySelectorAll("details.rows").forEach((details) =>
  details.addEventListener("toggle", () => {
    if (details.open && !details.dataset.filled) {
      details.dataset.filled = "yes";
      fill(details);
    }
  })
);

// Paper cannot be opened: what belongs on it is unfolded.
addEventListener("beforeprint", () =>
  document.querySelectorAll("details.paper").forEach((details) => (details.open = true))
);
