// What pages gain from JavaScript: filters that are open on wide screens, buttons that copy, and keyboard shortcuts.
// Every page is complete without it.

const OFF = "threatgraph-shortcuts-off";
const GO = { h: "", p: "pattern", i: "incident", f: "framework", v: "views", a: "assess", q: "queries", s: "sparql" };

// --- The first filters of a list and the contents of a record are open where there is room beside them.

if (matchMedia("(min-width: 64rem)").matches) {
  const closed = document.querySelectorAll(".facets details");
  for (const one of [...closed].slice(0, 2)) one.open = true;
  for (const one of document.querySelectorAll(".contents details")) one.open = true;
}

// --- Texts to copy, such as a citation.

if (navigator.clipboard) {
  for (const text of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${text.dataset.copy}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.innerText.trim());
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    text.after(button);
  }
}

// --- Shortcuts, which can be turned off (WCAG 2.1.4).

function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function stored() {
  try {
    return localStorage.getItem(OFF) === "yes";
  } catch {
    return false; // storage is not allowed here
  }
}

function store(isOff) {
  try {
    localStorage.setItem(OFF, isOff ? "yes" : "no");
  } catch {
    // then the choice holds for this page only
  }
}

let isOff = stored();
let isGoing = false;

function help() {
  let dialog = document.getElementById("shortcuts");
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.id = "shortcuts";
    dialog.setAttribute("aria-labelledby", "shortcuts-title");
    const title = document.createElement("h2");
    title.id = "shortcuts-title";
    title.textContent = "Keyboard shortcuts";
    const list = document.createElement("dl");
    const rows = [["/", "Search"], ["?", "This list"]];
    for (const [key, path] of Object.entries(GO)) {
      const link = destination(path);
      if (link) rows.push([`g ${key}`, path === "" ? "Home" : link.textContent.trim()]);
    }
    for (const [keys, text] of rows) {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      for (const key of keys.split(" ")) {
        const shown = document.createElement("kbd");
        shown.textContent = key;
        term.append(shown, " ");
      }
      const meaning = document.createElement("dd");
      meaning.textContent = text;
      row.append(term, meaning);
      list.append(row);
    }
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = !isOff;
    box.addEventListener("change", () => store((isOff = !box.checked)));
    label.append(box, " Shortcuts are on");
    const form = document.createElement("form");
    form.method = "dialog";
    const close = document.createElement("button");
    close.textContent = "Close";
    form.append(label, close);
    dialog.append(title, list, form);
    document.body.append(dialog);
  }
  dialog.showModal();
}

function destination(path) {
  if (path === "") return document.querySelector(".masthead .brand");
  return [...document.querySelectorAll(".masthead nav a, footer nav a")].find((link) => {
    const last = new URL(link.href).pathname.split("/").pop();
    return last === path || last === `${path}.html`;
  });
}

document.addEventListener("keydown", (event) => {
  const isHelp = event.key === "?";
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]") || (isOff && !isHelp)) return;
  if (isGoing) {
    isGoing = false;
    const link = event.key in GO ? destination(GO[event.key]) : null;
    if (link) {
      event.preventDefault();
      link.click();
      return;
    }
  }
  if (isHelp) help();
  else if (event.key === "/") document.querySelector("main input[type=search], .find input")?.focus();
  else if (event.key === "g") {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1500);
    return;
  } else return;
  event.preventDefault();
});

const hint = document.querySelector("footer nav ul");
if (hint) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "as-link";
  button.textContent = "Keyboard shortcuts";
  button.addEventListener("click", help);
  item.append(button);
  hint.append(item);
}
