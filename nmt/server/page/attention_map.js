// The attention map of a line: a table, so that it can be read as well as seen; drawn only when it is opened.

import { element, find, percent } from "./dom.js";

/** @typedef {import("./server.js").Line} Line */
/** @typedef {import("./server.js").AttentionMap} AttentionMap */

const VISIBLE = 0.05;
const LONGEST_NAME = 40;

const details = find("map", HTMLDetailsElement);
const choice = find("map-choice", HTMLElement);
const chosen = find("map-line", HTMLSelectElement);
const body = find("map-body", HTMLElement);

/** @type {Line[]} */
let shown = [];
details.addEventListener("toggle", draw);
chosen.addEventListener("change", draw);

/**
 * Offers the maps of these lines.
 * @param {Line[]} lines
 */
export function offerMaps(lines) {
  shown = lines;
  const numbers = lines.flatMap((line, number) => (line.maps.length ? [number] : []));
  details.hidden = !numbers.length;
  choice.hidden = numbers.length < 2;
  const before = chosen.value;
  chosen.replaceChildren(...numbers.map((number) => element("option", { value: String(number) }, name(number))));
  if (numbers.map(String).includes(before)) chosen.value = before;
  draw();
}

/** @param {number} number */
function name(number) {
  const text = shown[number].source.join(" ");
  return `${number + 1}: ${text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text}`;
}

function draw() {
  const line = details.open && !details.hidden ? shown[Number(chosen.value)] : undefined;
  body.replaceChildren(...(line?.maps ?? []).flatMap((map, number) => [table(map, number, line), inWords(map)]));
}

/**
 * @param {AttentionMap} map
 * @param {number} number
 * @param {Line | undefined} line
 */
function table(map, number, line) {
  const part = (line?.maps.length ?? 1) > 1 ? `, part ${number + 1}` : "";
  const label = `Attention of line ${Number(chosen.value) + 1}${part}`;
  const heads = map.source.map((piece) => element("th", { scope: "col" }, element("bdi", {}, piece)));
  const rows = map.weights.map((weights, row) => {
    const head = element("th", { scope: "row" }, element("bdi", {}, map.target[row]));
    const cells = weights.map((weight, column) => cell(weight, map.target[row], map.source[column]));
    return element("tr", {}, head, ...cells);
  });
  const drawn = element(
    "table",
    {},
    element("caption", { className: "unseen" }, `${label}: rows are target pieces, columns source pieces.`),
    element("thead", {}, element("tr", {}, element("td"), ...heads)),
    element("tbody", {}, ...rows)
  );
  // It scrolls where it is wider than the page: the arrow keys must reach it.
  return element("div", { className: "wide", tabIndex: 0, role: "region", ariaLabel: label }, drawn);
}

/**
 * @param {number} weight
 * @param {string} target
 * @param {string} source
 */
function cell(weight, target, source) {
  const drawn = element("td", { title: `${target} → ${source}: ${percent(weight)}` });
  if (weight >= VISIBLE) drawn.textContent = String(Math.round(100 * weight));
  drawn.style.setProperty("--weight", percent(weight));
  return drawn;
}

/** @param {AttentionMap} map */
function inWords(map) {
  const items = map.weights.map((weights, row) => {
    const most = Math.max(...weights);
    const source = map.source[weights.indexOf(most)];
    return element(
      "li",
      {},
      element("bdi", {}, map.target[row]),
      " looks most at ",
      element("bdi", {}, source),
      ` (${percent(most)})`
    );
  });
  const list = element("ul", { className: "in-words" }, ...items);
  return element("details", {}, element("summary", {}, "The map in words"), list);
}
