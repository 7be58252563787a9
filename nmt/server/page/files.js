// A file, chosen or dropped on the page, comes back translated.

import { element, find } from "./dom.js";
import { translateFile } from "./server.js";

const section = find("file", HTMLElement);
const button = find("file-button", HTMLButtonElement);
const input = find("file-input", HTMLInputElement);
const formats = find("file-formats", HTMLElement);
const status = find("file-status", HTMLElement);
const results = find("file-results", HTMLElement);

/**
 * @param {string[]} endings  of the files that the server reads
 * @param {object} now  what holds when a file comes
 * @param {() => {source: string, target: string, api_key: string}} now.question
 * @param {(error: unknown, again: () => void) => void} now.problem
 */
export function fileUpload(endings, now) {
  let running = new AbortController();
  section.hidden = false;
  input.accept = endings.join(",");
  formats.textContent = endings.length ? `Formats: ${endings.join(", ")}` : "";

  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) translate(file);
    input.value = ""; // the same file may be chosen again, for another language
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    section.classList.add("awaited");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) section.classList.remove("awaited");
  });
  document.addEventListener("drop", (event) => {
    section.classList.remove("awaited");
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    translate(file);
  });

  /** @param {File} file */
  async function translate(file) {
    running.abort();
    const { signal } = (running = new AbortController());
    const question = { file, ...now.question() };
    status.textContent = `Translating ${file.name} …`;
    /** @param {number} seconds */
    const busy = (seconds) => {
      status.textContent = `The server is busy: ${file.name} is tried again in ${seconds} s.`;
    };
    try {
      const path = await translateFile(question, { signal, busy });
      status.textContent = `${file.name} is translated.`;
      deliver(path, translatedName(file.name, question.target));
    } catch (error) {
      if (signal.aborted) return;
      status.textContent = "";
      now.problem(error, () => translate(file));
    }
  }
}

/**
 * Offers the file, and starts its download.
 * @param {string} path
 * @param {string} name
 */
function deliver(path, name) {
  const link = element("a", { href: path, download: name }, `Download ${name}`);
  results.prepend(element("li", {}, link));
  link.click();
}

/**
 * letter.txt is letter_de.txt in German, as the server has it.
 * @param {string} name
 * @param {string} language
 */
function translatedName(name, language) {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}_${language}${name.slice(dot)}` : `${name}_${language}`;
}
