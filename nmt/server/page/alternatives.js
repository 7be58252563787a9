// Other translations of a single line. Taking one puts it into the box, and the one from the box in its place.

import { element, find } from "./dom.js";

const section = find("alternatives", HTMLElement);
const list = find("alternatives-list", HTMLElement);

/**
 * @param {string[]} texts  the translation shown, and the others
 * @param {string} language
 * @param {(text: string) => void} taken
 */
export function offer(texts, language, taken) {
  let [shown, ...others] = texts;
  const buttons = others.map((text, place) => {
    const button = element("button", { type: "button", lang: language, dir: "auto" }, text);
    button.addEventListener("click", () => {
      [shown, others[place]] = [others[place], shown];
      button.textContent = others[place];
      taken(shown);
    });
    return button;
  });
  list.replaceChildren(...buttons.map((button) => element("li", {}, button)));
  section.hidden = !buttons.length;
}
