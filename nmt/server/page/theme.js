// Light, dark, or as the system has it. The browser waits for this before it paints, so that no light page flashes.

import { theme } from "./memory.js";

const THEMES = ["auto", "light", "dark"];

let current = theme.get() ?? "auto";
if (!THEMES.includes(current)) current = "auto";
apply();

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  name();
  button?.addEventListener("click", () => {
    current = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length];
    theme.set(current);
    apply();
    name();
  });

  function name() {
    if (button) button.textContent = `Theme: ${current}`;
  }
});

function apply() {
  document.documentElement.dataset.theme = current;
}
