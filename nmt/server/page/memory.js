// What the browser remembers of the reader's choices. A browser may forbid that: then nothing is remembered.

/**
 * @param {string} name
 * @param {Storage | undefined} storage
 */
function remembered(name, storage) {
  return {
    /** @returns {string | null} */
    get: () => storage?.getItem(name) ?? null,
    /** @param {string} value */
    set: (value) => {
      try {
        storage?.setItem(name, value);
      } catch {
        // Full, or forbidden: the choice holds for this page only.
      }
    },
  };
}

/** @param {"localStorage" | "sessionStorage"} which */
function open(which) {
  try {
    return window[which];
  } catch {
    return undefined;
  }
}

const always = open("localStorage");

export const theme = remembered("nmt.theme", always);
export const from = remembered("nmt.from", always);
export const to = remembered("nmt.to", always);
/** Until the tab is closed, no longer: it is a secret. */
export const key = remembered("nmt.key", open("sessionStorage"));
