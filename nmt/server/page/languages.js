// The two lists of languages, and swapping them.

import { element, find } from "./dom.js";
import * as memory from "./memory.js";

/** @typedef {import("./server.js").Language} Language */

const AUTO = "auto";
const DETECT = "Detect language";
const NAMES = new Intl.DisplayNames(["en"], { type: "language" });

const from = find("from", HTMLSelectElement);
const to = find("to", HTMLSelectElement);
const swap = find("swap", HTMLButtonElement);

/**
 * The lists, filled with what the server translates.
 * @param {Language[]} languages
 * @param {import("./server.js").Settings["language"]} wished  what is chosen where nothing is remembered
 * @param {{changed: () => void, swapped: () => void}} tell
 */
export function languageBar(languages, wished, tell) {
  const byCode = new Map(languages.map((language) => [language.code, language]));
  /** @type {string | undefined} */
  let detected;
  let previous = AUTO;

  const sources = languages.filter((one) => one.targets.length).map((one) => one.code);
  fill(from, [AUTO, ...sources], [memory.from.get(), wished.source.code, AUTO]);
  previous = from.value;
  fill(to, targets(from.value), [memory.to.get(), wished.target.code]);
  allowSwap();

  from.addEventListener("change", () => {
    fill(to, targets(from.value), [to.value, previous]);
    settle();
    tell.changed();
  });
  to.addEventListener("change", () => {
    settle();
    tell.changed();
  });
  swap.addEventListener("click", () => {
    const source = spoken();
    if (!source) return;
    from.value = to.value;
    fill(to, targets(from.value), [source]);
    settle();
    tell.swapped();
  });

  /** @param {string} code */
  function name(code) {
    return code === AUTO ? DETECT : (byCode.get(code)?.name ?? nameOf(code));
  }

  /** @param {string} source */
  function targets(source) {
    const codes = source === AUTO ? languages.flatMap((one) => one.targets) : (byCode.get(source)?.targets ?? []);
    return [...new Set(codes)].filter((code) => code !== source);
  }

  /** The language of the source, where it is known. */
  function spoken() {
    return from.value === AUTO ? detected : from.value;
  }

  /**
   * Puts the languages into a list, and chooses the first of the wishes that is among them.
   * @param {HTMLSelectElement} list
   * @param {string[]} codes
   * @param {(string | null)[]} wishes
   */
  function fill(list, codes, wishes) {
    list.replaceChildren(...codes.map((code) => element("option", { value: code }, name(code))));
    const chosen = wishes.find((wish) => wish !== null && codes.includes(wish)) ?? codes[0];
    if (chosen) list.value = chosen;
  }

  function settle() {
    previous = from.value;
    memory.from.set(from.value);
    memory.to.set(to.value);
    detect(undefined);
  }

  function allowSwap() {
    const source = spoken();
    swap.disabled = !(source && targets(to.value).includes(source));
  }

  /**
   * Says in the list which language was found in the text.
   * @param {import("./server.js").Explanation["detectedLanguage"]} found
   */
  function detect(found) {
    detected = found?.language;
    const option = from.querySelector(`option[value="${AUTO}"]`);
    if (option) option.textContent = found ? `${name(found.language)} (auto)` : DETECT;
    allowSwap();
  }

  return {
    get from() {
      return from.value;
    },
    get to() {
      return to.value;
    },
    spoken,
    name,
    detect,
  };
}

/**
 * What a language is called that the server translates into, but not from: of those it tells the code alone.
 * @param {string} code
 */
function nameOf(code) {
  try {
    return NAMES.of(code.replace("_", "-")) ?? code;
  } catch {
    return code; // no code of a language, but whatever the owner of the model called it
  }
}
