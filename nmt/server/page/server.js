// What is asked of the server, and how it answers.

/** @typedef {{code: string, name: string, targets: string[]}} Language */
/**
 * @typedef {object} Settings
 * @property {number} charLimit  characters a text may have; negative where there is no limit
 * @property {number} frontendTimeout  milliseconds without typing before the text is translated
 * @property {boolean} keyRequired
 * @property {boolean} filesTranslation
 * @property {string[]} supportedFilesFormat
 * @property {{source: {code: string}, target: {code: string}}} language
 */
/**
 * Attention of one sentence: `weights[target][source]`.
 * @typedef {{source: string[], target: string[], weights: number[][]}} AttentionMap
 */
/**
 * One line of the text; `alignment` pairs a source word with a target word, by their places.
 * @typedef {object} Line
 * @property {string[]} source
 * @property {string[]} target
 * @property {[number, number][]} alignment
 * @property {number} confidence
 * @property {number[]} wordConfidence
 * @property {AttentionMap[]} maps
 */
/**
 * @typedef {object} Explanation
 * @property {string} translatedText
 * @property {string[]} [alternatives]
 * @property {{language: string, confidence: number}} [detectedLanguage]
 * @property {Line[]} [lines]  empty where the way leads over another language
 */
/**
 * How a request may be ended, and who hears that it has to wait.
 * @typedef {{signal: AbortSignal, busy: (seconds: number) => void}} Patience
 */

/** The server said no, or nothing; the message is for the reader. */
export class Refusal extends Error {}

const LONGEST_WAIT = 60;

/** @returns {Promise<Language[]>} */
export const getLanguages = () => ask("languages");

/** @returns {Promise<Settings>} */
export const getSettings = () => ask("frontend/settings");

/**
 * @param {{q: string, source: string, target: string, alternatives: number, api_key: string}} question
 * @param {Patience} patience
 * @returns {Promise<Explanation>}
 */
export function explain(question, patience) {
  const headers = { "Content-Type": "application/json" };
  return ask("explain", { method: "POST", headers, body: JSON.stringify(question) }, patience);
}

/**
 * @param {{file: File, source: string, target: string, api_key: string}} question
 * @param {Patience} patience
 * @returns {Promise<string>} where the translated file is, at this server
 */
export async function translateFile(question, patience) {
  const body = new FormData();
  for (const [name, value] of Object.entries(question)) body.append(name, value);
  const { translatedFileUrl } = await ask("translate_file", { method: "POST", body }, patience);
  return new URL(translatedFileUrl, location.href).pathname;
}

/**
 * The answer, waited for while the server is busy.
 * @param {string} path
 * @param {RequestInit} request
 * @param {Patience} [patience]
 * @returns {Promise<any>}
 */
async function ask(path, request = {}, patience) {
  for (;;) {
    const response = await reach(path, { ...request, signal: patience?.signal });
    if (response.status === 429 && patience) {
      const seconds = Math.min(Math.max(Number(response.headers.get("Retry-After")) || 1, 1), LONGEST_WAIT);
      patience.busy(seconds);
      await pause(seconds, patience.signal);
      continue;
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    throw new Refusal(answer.error ?? `The server answered with the status ${response.status}.`);
  }
}

/**
 * @param {string} path
 * @param {RequestInit} request
 */
async function reach(path, request) {
  try {
    return await fetch(path, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Refusal("The server cannot be reached.");
  }
}

/**
 * @param {number} seconds
 * @param {AbortSignal} signal
 */
function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
