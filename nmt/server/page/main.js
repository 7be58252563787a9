// The page: a text goes out when its typing rests, and its translation comes in.

import { offer } from "./alternatives.js";
import { offerMaps } from "./attention_map.js";
import { find } from "./dom.js";
import { fileUpload } from "./files.js";
import { languageBar } from "./languages.js";
import { hint, linkWords } from "./links.js";
import * as memory from "./memory.js";
import { explain, getLanguages, getSettings, Refusal } from "./server.js";
import { sourceBox } from "./source.js";
import { targetBox } from "./target.js";

/** @typedef {import("./server.js").Explanation} Explanation */
/** @typedef {import("./server.js").Line} Line */

const ALTERNATIVES = 3;
const REST = 400; // milliseconds

const status = find("status", HTMLElement);
const problem = find("problem", HTMLElement);
const problemText = find("problem-text", HTMLElement);
const again = find("again", HTMLButtonElement);
const keyField = find("key-field", HTMLInputElement);

start();

async function start() {
  try {
    const [languages, settings] = await Promise.all([getLanguages(), getSettings()]);
    if (!languages.length) throw new Refusal("The server has no language to translate.");
    translator(languages, settings);
  } catch (error) {
    tellProblem(error, start);
  }
}

/**
 * @param {import("./server.js").Language[]} languages
 * @param {import("./server.js").Settings} settings
 */
function translator(languages, settings) {
  let running = new AbortController();
  let timer = 0;
  /** @type {(word: Element | null) => void} */
  let point = () => {};
  const pointed = (/** @type {Element | null} */ word) => point(word);

  const bar = languageBar(languages, settings.language, { changed: now, swapped: swap });
  const source = sourceBox(settings.charLimit, { changed: soon, atOnce: now, pointed });
  const target = targetBox({ pointed, copied: () => (status.textContent = "Copied.") });
  const choices = () => ({ source: bar.from, target: bar.to, api_key: keyField.value });
  if (settings.keyRequired) askForKey(now);
  if (settings.filesTranslation) {
    fileUpload(settings.supportedFilesFormat, { question: choices, problem: tellProblem });
  }
  if (source.text) now(); // a browser keeps what was typed when a page is opened again

  function stop() {
    clearTimeout(timer);
    running.abort();
    forget();
    hideProblem();
    target.wait(Boolean(source.text.trim()));
  }

  function soon() {
    stop();
    timer = setTimeout(now, settings.frontendTimeout || REST);
  }

  async function now() {
    stop();
    const text = source.text;
    if (!text.trim()) return show("", { translatedText: "" });
    if (source.tooLong()) return fail(new Refusal("The text is too long for this server: shorten it."));
    const { signal } = (running = new AbortController());
    const alternatives = text.trim().includes("\n") ? 0 : ALTERNATIVES;
    status.textContent = "Translating …";
    try {
      const answer = await explain({ q: text, ...choices(), alternatives }, { signal, busy });
      if (!signal.aborted) show(text, answer);
    } catch (error) {
      if (!signal.aborted) fail(error, now);
    }
  }

  /**
   * @param {unknown} error
   * @param {() => void} [retry]
   */
  function fail(error, retry) {
    target.wait(false);
    tellProblem(error, retry);
  }

  /** @param {number} seconds */
  function busy(seconds) {
    status.textContent = `The server is busy: trying again in ${seconds} s.`;
  }

  function swap() {
    const text = source.text;
    source.text = target.text;
    target.show(text, [], bar.to);
    now();
  }

  /** The words that are shown belong to a text that is no more. */
  function forget() {
    point(null);
    point = () => {};
  }

  /**
   * @param {string} text
   * @param {Explanation} answer
   */
  function show(text, { translatedText, alternatives = [], detectedLanguage, lines = [] }) {
    const language = bar.to;
    bar.detect(detectedLanguage);
    source.speak(bar.spoken());
    showTranslation(translatedText);
    const single = !text.trim().includes("\n");
    offer([translatedText, ...(single ? alternatives : [])], language, (taken) => {
      showTranslation(taken);
      status.textContent = `Taken: ${taken}`;
    });
    offerMaps(lines);
    status.textContent = text.trim() ? done(detectedLanguage) : "";

    /** @param {string} shown  the translation, or another in its place, whose words are not known */
    function showTranslation(shown) {
      forget();
      const known = shown === translatedText ? lines : [];
      const words = target.show(shown, known, language);
      if (words.length) point = linkWords(lines, [source.mark(lines.map((line) => line.source)), words]);
      else hint(shown ? "No word alignment for this translation." : "");
    }
  }

  /** @param {Explanation["detectedLanguage"]} detected */
  function done(detected) {
    const from = detected ? ` from ${bar.name(detected.language)} (${Math.round(detected.confidence)}% sure)` : "";
    return `Translated${from} into ${bar.name(bar.to)}.`;
  }
}

/** @param {() => void} changed */
function askForKey(changed) {
  const form = find("key", HTMLFormElement);
  form.hidden = false;
  keyField.value = memory.key.get() ?? "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    memory.key.set(keyField.value);
    changed();
  });
}

/**
 * @param {unknown} error
 * @param {() => void} [retry]
 */
function tellProblem(error, retry) {
  status.textContent = "";
  problemText.textContent = error instanceof Refusal ? error.message : "Something went wrong in this page.";
  problem.hidden = false;
  again.hidden = !retry;
  again.onclick = () => {
    find("source", HTMLElement).focus(); // the button goes, and must not take the focus with it
    hideProblem();
    retry?.();
  };
  if (!(error instanceof Refusal)) console.error(error);
}

function hideProblem() {
  problem.hidden = true;
}
