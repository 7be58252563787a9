// The box of the source. A text field cannot mark its words: a layer behind it, with the same text in the same type,
// carries the marks, and makes the field as tall as its text.

import { element, find } from "./dom.js";

const field = find("source", HTMLTextAreaElement);
const behind = find("behind", HTMLElement);
const counter = find("counter", HTMLElement);
const clear = find("clear", HTMLButtonElement);

/**
 * @param {number} limit  characters that may be typed; negative for no limit
 * @param {object} tell
 * @param {() => void} tell.changed
 * @param {() => void} tell.atOnce
 * @param {(word: Element | null) => void} tell.pointed
 */
export function sourceBox(limit, tell) {
  field.addEventListener("input", () => {
    draw();
    tell.changed();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      tell.atOnce();
    }
  });
  clear.addEventListener("click", () => {
    field.value = "";
    field.focus();
    draw();
    tell.changed();
  });
  field.addEventListener("pointermove", (event) => {
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    tell.pointed(under.find((one) => one.parentElement === behind) ?? null);
  });
  field.addEventListener("pointerleave", () => tell.pointed(null));
  field.addEventListener("blur", () => tell.pointed(null));
  document.addEventListener("selectionchange", () => {
    if (document.activeElement === field) tell.pointed(atCursor());
  });
  draw();

  /** The text as it is, without marks. */
  function draw() {
    behind.textContent = `${field.value}\n`; // the last line of a block has no height without a letter after it
    const used = [...field.value].length.toLocaleString("en");
    counter.textContent = limit < 0 ? `${used} characters` : `${used} of ${limit.toLocaleString("en")} characters`;
    counter.classList.toggle("over", tooLong());
    clear.disabled = !field.value;
  }

  function tooLong() {
    return limit >= 0 && [...field.value].length > limit;
  }

  /** The marked word that the cursor is in. */
  function atCursor() {
    let place = 0;
    for (const node of behind.childNodes) {
      place += node.textContent?.length ?? 0;
      if (place >= field.selectionStart && node instanceof HTMLElement) return node;
      if (place > field.selectionStart) return null;
    }
    return null;
  }

  return {
    get text() {
      return field.value;
    },
    set text(text) {
      field.value = text;
      draw();
    },
    tooLong,
    /** @param {string | undefined} language */
    speak(language) {
      field.lang = language ?? "";
    },
    /**
     * Marks the words of each line.
     * @param {string[][]} lines
     * @returns {(HTMLElement | undefined)[][]} the marks; none for a word that the text has not
     */
    mark(lines) {
      const texts = field.value.split("\n");
      behind.replaceChildren();
      return texts.map((text, number) => {
        const marks = markLine(text, lines[number] ?? []);
        behind.append("\n");
        return marks;
      });
    },
  };
}

/**
 * @param {string} text
 * @param {string[]} words
 */
function markLine(text, words) {
  let end = 0;
  const marks = words.map((word) => {
    const start = text.indexOf(word, end);
    if (start < 0) return undefined;
    const mark = element("span", {}, word);
    behind.append(text.slice(end, start), mark);
    end = start + word.length;
    return mark;
  });
  behind.append(text.slice(end));
  return marks;
}
