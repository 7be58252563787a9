// Which words of the source and of the translation belong together: pointing at one lights up its partners.

import { element, find, percent } from "./dom.js";

/** @typedef {import("./server.js").Line} Line */
/** The sides of an alignment. */
export const SOURCE = 0;
export const TARGET = 1;

const pointed = find("pointed", HTMLElement);

/** What stands in the line below the translation while no word is pointed at. */
export function hint(text = "") {
  pointed.textContent = text;
}

/**
 * The words that belong to a word of the other side.
 * @param {Line} line
 * @param {number} side
 * @param {number} word
 */
export function partners(line, side, word) {
  return line.alignment.filter((pair) => pair[side] === word).map((pair) => pair[1 - side]);
}

/**
 * @param {Line[]} lines
 * @param {[(HTMLElement | undefined)[][], (HTMLElement | undefined)[][]]} elements  of both sides, [line][word]
 */
export function linkWords(lines, elements) {
  /** @type {Map<Element, {side: number, line: number, word: number}>} */
  const places = new Map();
  elements.forEach((side, which) =>
    side.forEach((row, line) =>
      row.forEach((one, word) => one && places.set(one, { side: which, line, word }))
    )
  );
  /** @type {HTMLElement[]} */
  let lit = [];

  /**
   * Lights up a word and its partners, or nothing.
   * @param {Element | null} word
   */
  function point(word) {
    lit.forEach((one) => one.classList.remove("own", "linked"));
    lit = [];
    const place = word && places.get(word);
    if (!place) return hint(HINT);
    const line = lines[place.line];
    const others = partners(line, place.side, place.word);
    light(elements[place.side][place.line][place.word], "own");
    for (const other of others) light(elements[1 - place.side][place.line][other], "linked");
    tell(line, place, others);
  }

  /**
   * @param {HTMLElement | undefined} one
   * @param {string} how
   */
  function light(one, how) {
    if (!one) return;
    one.classList.add(how);
    lit.push(one);
  }

  hint(HINT);
  return point;
}

const HINT = "Point at a word to see where it comes from.";

/**
 * Says the same in words, for those who cannot tell the colours.
 * @param {Line} line
 * @param {{side: number, word: number}} place
 * @param {number[]} others
 */
function tell(line, { side, word }, others) {
  const [own, other] = side === SOURCE ? [line.source, line.target] : [line.target, line.source];
  const arrow = side === SOURCE ? " → " : " ← ";
  const found = others.length ? [arrow, element("bdi", {}, others.map((one) => other[one]).join(" "))] : [];
  const sure = side === TARGET ? ` · ${percent(line.wordConfidence[word])} sure` : "";
  pointed.replaceChildren(element("bdi", {}, own[word]), ...found, sure);
}
