// Keys: what can be clicked by a letter, and a list of them.

const OFF = "tocsin-keys-off";
const dialog = document.querySelector("dialog.keys");
const button = document.querySelector("button.keys");
const off = dialog.querySelector("[name=off]");
let first = "";

function writes(target) {
  return target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

// Goes on from the item that has the focus, or begins with the first.
function move(step) {
  const items = [...document.querySelectorAll("main ol > li")];
  const at = items.findIndex((item) => item.contains(document.activeElement));
  const item = items[at < 0 ? 0 : Math.min(items.length - 1, Math.max(0, at + step))];
  (item?.querySelector("h2 a, h3 a") ?? item?.querySelector("a, summary"))?.focus();
}

function open(element) {
  if (element.tagName !== "SUMMARY") {
    element.click();
    return;
  }
  const details = element.parentElement;
  details.open = true;
  (details.querySelector("input:not([type=hidden]), select, button") ?? element).focus();
}

function pressed(key) {
  if (key === "?") dialog.showModal();
  else if (key === "j") move(1);
  else if (key === "k") move(-1);
  else {
    const element = document.querySelector(`[data-key="${CSS.escape(first + key)}"]`);
    if (element === null) return false;
    open(element);
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.key.length !== 1) return;
  if (off.checked || dialog.open || writes(event.target)) return;
  if (pressed(event.key)) event.preventDefault();
  first = event.key === "g" && first === "" ? "g" : "";
});

button.addEventListener("click", () => dialog.showModal());
off.addEventListener("change", () => {
  if (off.checked) localStorage.setItem(OFF, "1");
  else localStorage.removeItem(OFF);
});
off.checked = localStorage.getItem(OFF) !== null;
button.hidden = false;
