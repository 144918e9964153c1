// Conveniences of the Manager. Every page works without them; nothing here is needed
// to read or to change anything. Behaviours are asked for by data attributes.

const find = (selector, from = document) => from.querySelector(selector);
const findAll = (selector, from = document) => [...from.querySelectorAll(selector)];

/** Calls `act(element, event)` for events inside elements that match `selector`. */
function on(type, selector, act, options) {
  document.addEventListener(type, (event) => {
    const element = event.target.closest?.(selector);
    if (element) act(element, event);
  }, options);
}

/** Says `text` to those who listen instead of looking. */
function say(text, region = "status") {
  const place = find(`#${region}`);
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 60);
}

// Copying: data-copy="text", data-copy-from="#id"

async function copy(button) {
  const source = button.dataset.copyFrom && find(button.dataset.copyFrom);
  try {
    await navigator.clipboard.writeText(source ? source.innerText.trim() : button.dataset.copy);
  } catch {
    if (source) getSelection().selectAllChildren(source);
    return say(source ? "Selected: copy it with the keyboard" : "The browser refused to copy", "alert");
  }
  say("Copied");
  if (button.classList.contains("copied")) return;
  const [label, before] = [find("[data-label]", button) ?? button, [...button.childNodes]];
  button.classList.add("copied");
  const done = find(".ico", button) ? Object.assign(document.createElement("span"), { className: "ico ico-check" }) : "Copied";
  label.replaceChildren(done);
  setTimeout(() => {
    label.replaceChildren(...before);
    button.classList.remove("copied");
  }, 1600);
}
on("click", "[data-copy], [data-copy-from]", copy);

// Menus: <details data-menu> with a <summary>

const itemsOf = (menu) => findAll(":scope > :not(summary) :is(a, button, input:not([type=hidden]))", menu);

function close(menu, back = false) {
  menu.open = false;
  if (back) find("summary", menu).focus();
}

/** Keeps a menu inside a scrolling table from being cut off. */
function place(menu) {
  const list = find(":scope > :not(summary)", menu);
  if (!menu.open || !menu.closest(".table-wrap")) return;
  const edge = find("summary", menu).getBoundingClientRect();
  const below = edge.bottom + list.offsetHeight + 8 < innerHeight;
  const top = below ? edge.bottom + 4 : edge.top - list.offsetHeight - 4;
  Object.assign(list.style, { position: "fixed", right: "auto", bottom: "auto" });
  list.style.top = `${Math.max(4, top)}px`;
  list.style.left = `${Math.max(4, edge.right - list.offsetWidth)}px`;
}

document.addEventListener("toggle", ({ target: menu }) => {
  if (!menu.matches?.("[data-menu]") || !menu.open) return;
  findAll("[data-menu][open]").filter((other) => other !== menu).forEach((other) => close(other));
  place(menu);
}, true);
document.addEventListener("click", ({ target }) => {
  findAll("[data-menu][open]").filter((menu) => !menu.contains(target)).forEach((menu) => close(menu));
});
document.addEventListener("scroll", () => {
  findAll(".table-wrap [data-menu][open]").forEach((menu) => close(menu, menu.contains(document.activeElement)));
}, { capture: true, passive: true });
on("focusout", "[data-menu][open]", (menu, event) => {
  if (event.relatedTarget && !menu.contains(event.relatedTarget)) close(menu);
});
on("keydown", "[data-menu]", (menu, event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  if (event.key === "Escape" && menu.open) {
    event.preventDefault();
    event.stopPropagation();
    return close(menu, true);
  }
  if (!(event.key in steps) || event.target.matches("input")) return;
  event.preventDefault();
  menu.open = true;
  const items = itemsOf(menu);
  const now = items.indexOf(document.activeElement);
  const next = now < 0 && steps[event.key] < 0 ? items.length - 1 : now + steps[event.key];
  items[Math.min(Math.max(next, 0), items.length - 1)]?.focus();
});

// Shortcuts: data-shortcut="/"

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
  const target = findAll("[data-shortcut]").find((element) => element.dataset.shortcut === event.key);
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.select?.();
});

// Dialogs: what HTMX puts into #dialog is shown; focus returns to what asked for it.

const dialog = find("#dialog");
let opener = null;

function show() {
  const heading = find("#dialog-title", dialog) ?? find("h1, h2", dialog);
  if (heading) heading.id = "dialog-title";
  enhance(dialog);
  if (!dialog.open) dialog.showModal();
  const first = find("[autofocus], [aria-invalid=true]", dialog) ?? find("input:not([type=hidden]), textarea, select", dialog);
  (first ?? find("a[data-close], button:not(.danger)", dialog))?.focus();
}
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  (opener?.isConnected ? opener : find("#main"))?.focus();
  opener = null;
});
on("click", "#dialog [data-close]", (link, event) => {
  event.preventDefault();
  dialog.close();
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

// Forms

/** Readies what has just come into the page. */
function enhance(root) {
  findAll("[data-confirm-name]", root).forEach(check);
  writeSecrets(root);
  const wanted = find("[data-autofocus]", root);
  if (wanted && !dialog.contains(wanted)) wanted.focus();
}

function check(button) {
  const input = find("input:not([type=hidden])", button.form);
  button.disabled = input.value !== button.dataset.confirmName;
}
on("input", "form:has([data-confirm-name])", (form) => findAll("[data-confirm-name]", form).forEach(check));

on("click", "[data-reveal-input]", (button) => {
  const input = find(button.dataset.revealInput);
  input.type = input.type === "password" ? "text" : "password";
  button.textContent = input.type === "password" ? "Show" : "Hide";
  button.setAttribute("aria-label", button.ariaLabel?.replace(/^(Show|Hide)/, button.textContent) ?? button.textContent);
});

const unsaved = new Set();
on("input", "form[data-dirty]", (form) => unsaved.add(form));
on("submit", "form", () => unsaved.clear());
addEventListener("beforeunload", (event) => {
  if ([...unsaved].some((form) => form.isConnected)) event.preventDefault();
});

// A pasted key must not land in an address: it is posted instead.

const UUID = /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;
const isSecret = (text) => text.length >= 20 && !/\s/.test(text) && !UUID.test(text);
const typed = (form) => (find("[name=q]", form)?.value ?? "").trim();

on("submit", "form[data-secret-search]", (form, event) => {
  const posted = find("form.top-search");
  if (!posted || !isSecret(typed(form))) return;
  event.preventDefault();
  posted.elements.q.value = typed(form);
  posted.submit();
});
document.addEventListener("htmx:confirm", (event) => {
  const form = event.target.closest?.("form[data-secret-search]");
  if (!form || !isSecret(typed(form))) return;
  event.preventDefault();
  say("This looks like a key. Press Enter to find its consumer.");
});

// As code: data-live="names of secrets" follows the page's form. What is typed into its
// secrets is written here, by data-quoting, and only on demand; it is never sent.

const escaped = ({ escapes }, text) => escapes[text] ?? `\\u${text.charCodeAt().toString(16).padStart(4, "0")}`;
function quoted(rule, text) {
  if (rule.plain && new RegExp(`^(?:${rule.plain})$`).test(text)) return text;
  const inside = text.replace(new RegExp(rule.pattern, "g"), (found) => escaped(rule, found));
  return rule.mark + inside + rule.mark;
}

let withSecrets = false;
function writeSecrets(root = document) {
  for (const variable of findAll("[data-quoting] [data-secret]", root)) {
    const { dataset } = variable;
    const value = find("#entity-form")?.elements[dataset.secret]?.value;
    dataset.variable ??= variable.textContent;
    const rules = JSON.parse(variable.closest("[data-quoting]").dataset.quoting);
    variable.textContent = withSecrets && value ? rules.reduce((text, rule) => quoted(rule, text), value) : dataset.variable;
  }
  for (const box of findAll("[data-with-secrets]", root)) {
    box.parentElement.hidden = false;
    box.checked = withSecrets;
  }
}
on("change", "[data-with-secrets]", (box) => {
  withSecrets = box.checked;
  writeSecrets();
});
on("input", "#entity-form", () => writeSecrets());

/** Says of a secret only that something was typed. */
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const names = detail.elt.dataset.live?.split(" ") ?? [];
  for (const name of names.filter(Boolean)) {
    detail.parameters[name] = find("#entity-form").elements[name]?.value ? "•" : "";
  }
});

on("change", "[data-language]", ({ value }) => {
  document.cookie = `kongadmin_code=${value}; path=/; max-age=31536000; samesite=lax`;
  for (const other of findAll(`[data-language][value="${value}"]`)) other.checked = true;
});

// Messages

function fade(toast) {
  const leave = () => toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove();
  setTimeout(leave, 6000);
}
on("click", "[data-dismiss]", (button) => {
  button.closest("[data-toast]").remove();
  find("#main").focus();
});
for (const toast of findAll("[data-toast]")) {
  const isFine = ["success", "info", "debug"].includes(toast.dataset.toast);
  say(toast.innerText.trim(), isFine ? "status" : "alert");
  if (isFine) fade(toast);
}
const trouble = (text) => say(text, "alert");

// HTMX

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  detail.target.setAttribute("aria-busy", "true");
  if (detail.elt.closest("[data-dialog]")) opener = detail.elt.closest(".menu[open]")?.querySelector("summary") ?? detail.elt;
});
document.addEventListener("htmx:afterRequest", ({ detail }) => detail.target.removeAttribute("aria-busy"));
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target === dialog) {
    findAll("[data-menu][open]").forEach((menu) => close(menu));
    return show();
  }
  enhance(detail.elt);
});
document.addEventListener("htmx:responseError", ({ detail }) => trouble(`The server refused (${detail.xhr.status}). Reload the page.`));
document.addEventListener("htmx:sendError", () => trouble("The server cannot be reached. Try again."));

// On a narrow screen the tab one is on may lie beyond the edge.
find(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
enhance(document);
