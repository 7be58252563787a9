// Elements of the page: found by name, made with text. Text enters the page as text, never as markup.

/**
 * The element with this id; its kind is checked, so that the page and its scripts cannot drift apart unseen.
 * @template {Element} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function find(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`index.html has no ${kind.name} with the id ${id}.`);
}

/**
 * A new element: `element("td", { className: "strong" }, "text", other)`.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<HTMLElementTagNameMap[Name]>} properties
 * @param {...(Node | string)} content
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties = {}, ...content) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...content);
  return made;
}

const PERCENT = new Intl.NumberFormat("en", { style: "percent" });

/**
 * A share of one, for reading: 0.703 is "70%".
 * @param {number} share
 */
export const percent = (share) => PERCENT.format(share);
