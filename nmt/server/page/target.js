// The box of the translation: its text, and its words, shaded by how sure the model is of them.

import { element, find, percent } from "./dom.js";
import { partners, TARGET } from "./links.js";

/** @typedef {import("./server.js").Line} Line */

const DOUBTFUL = 0.5;

const box = find("target", HTMLElement);
const plain = find("plain", HTMLElement);
const words = find("words", HTMLElement);
const legend = find("legend", HTMLElement);
const copy = find("copy", HTMLButtonElement);

/** @param {{pointed: (word: Element | null) => void, copied: () => void}} tell */
export function targetBox(tell) {
  words.addEventListener("pointerover", ({ target }) => tell.pointed(wordAt(target)));
  words.addEventListener("focusin", ({ target }) => {
    reachByTab(wordAt(target));
    tell.pointed(wordAt(target));
  });
  for (const kind of ["pointerleave", "focusout"]) words.addEventListener(kind, () => tell.pointed(null));
  words.addEventListener("keydown", walk);
  copy.addEventListener("click", async () => {
    await copyText(plain.textContent ?? "");
    tell.copied();
  });

  return {
    get text() {
      return plain.textContent ?? "";
    },
    /** @param {boolean} waiting  for the translation of a text that has changed */
    wait(waiting) {
      box.setAttribute("aria-busy", String(waiting));
    },
    /**
     * Shows a translation; word by word where its lines are known.
     * @param {string} text
     * @param {Line[]} lines
     * @param {string} language
     * @returns {HTMLElement[][]} the words of each line
     */
    show(text, lines, language) {
      box.setAttribute("aria-busy", "false");
      const known = lines.some((line) => line.target.length > 0);
      plain.textContent = text;
      plain.lang = words.lang = language;
      plain.classList.toggle("unseen", known); // the words are seen, the text is what a screen reader reads
      copy.disabled = !text;
      words.hidden = legend.hidden = !known;
      const texts = text.split("\n");
      const shown = known ? lines.map(drawWords) : [];
      words.replaceChildren(...shown.map((row, number) => drawLine(row, lines[number], number, texts[number])));
      reachByTab(words.querySelector(".word"));
      return shown;
    },
  };
}

/**
 * @param {EventTarget | null} place
 * @returns {HTMLElement | null}
 */
function wordAt(place) {
  return place instanceof HTMLElement ? place.closest(".word") : null;
}

/**
 * Tab goes to one word only; the arrow keys go on from there.
 * @param {HTMLElement | null} word
 */
function reachByTab(word) {
  words.querySelectorAll("[tabindex='0']").forEach((one) => one.setAttribute("tabindex", "-1"));
  if (word) word.tabIndex = 0;
}

/**
 * @param {Line} line
 * @returns {HTMLElement[]}
 */
function drawWords(line) {
  return line.target.map((word, place) => {
    const confidence = line.wordConfidence[place];
    const origin = partners(line, TARGET, place).map((other) => line.source[other]);
    const drawn = element("span", { className: "word", role: "option", tabIndex: -1 }, word);
    drawn.ariaLabel = `${word}, ${percent(confidence)} sure${origin.length ? `, from ${origin.join(" ")}` : ""}`;
    drawn.classList.toggle("doubtful", confidence < DOUBTFUL);
    drawn.style.setProperty("--doubt", percent(1 - confidence));
    return drawn;
  });
}

/**
 * @param {HTMLElement[]} row
 * @param {Line} line
 * @param {number} number
 * @param {string} [text]  what is shown of a line without words
 */
function drawLine(row, line, number, text) {
  if (!row.length) return text ? element("div", { dir: "auto" }, text) : element("br");
  const drawn = element("div", { role: "group", dir: "auto" });
  drawn.ariaLabel = `Line ${number + 1}, ${percent(line.confidence)} sure`;
  row.forEach((word, place) => drawn.append(place ? " " : "", word));
  return drawn;
}

/**
 * Moves among the words: the arrow keys as they are seen, Home and End to the ends.
 * @param {KeyboardEvent} event
 */
function walk(event) {
  const all = /** @type {HTMLElement[]} */ ([...words.querySelectorAll(".word")]);
  const here = all.indexOf(/** @type {HTMLElement} */ (event.target));
  const next = step(event.key, all, here);
  if (here < 0 || event.ctrlKey || event.altKey || event.metaKey || !next) return;
  event.preventDefault();
  next.focus();
}

/**
 * @param {string} key
 * @param {HTMLElement[]} all
 * @param {number} here
 * @returns {HTMLElement | undefined}
 */
function step(key, all, here) {
  const onward = getComputedStyle(all[here]).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  switch (key) {
    case "ArrowLeft":
    case "ArrowRight":
      return all[here + (key === onward ? 1 : -1)];
    case "ArrowUp":
      return nearest(all, all[here], -1);
    case "ArrowDown":
      return nearest(all, all[here], 1);
    case "Home":
      return all[0];
    case "End":
      return all.at(-1);
  }
}

/**
 * The word in the next row above (-1) or below (1), as near as can be.
 * @param {HTMLElement[]} all
 * @param {HTMLElement} here
 * @param {1 | -1} way
 */
function nearest(all, here, way) {
  const place = middle(here);
  const beyond = all.filter((one) => way * (middle(one).y - place.y) > here.offsetHeight / 2);
  const row = beyond.at(way > 0 ? 0 : -1);
  if (!row) return undefined;
  const same = beyond.filter((one) => Math.abs(middle(one).y - middle(row).y) < here.offsetHeight / 2);
  const far = (/** @type {HTMLElement} */ one) => Math.abs(middle(one).x - place.x);
  return same.reduce((best, one) => (far(one) < far(best) ? one : best));
}

/** @param {HTMLElement} word */
function middle(word) {
  const { left, right, top, bottom } = word.getBoundingClientRect();
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}

/**
 * Browsers open their clipboard only to pages that came encrypted or from this machine; the older way works in others.
 * @param {string} text
 */
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const held = element("textarea", { value: text, className: "unseen" });
  document.body.append(held);
  held.select();
  document.execCommand("copy");
  held.remove();
  copy.focus();
}
