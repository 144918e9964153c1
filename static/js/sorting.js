// Sorting by dragging: <ol data-sortable> in a form. Each line holds its own input, so a
// line in another place is another order; the button data-sorted asks the server to show
// what that means. Without this module the buttons of each line do the same.

const find = (selector, from = document) => from.querySelector(selector);
let dragged = null;

const lineOf = (target) => target.closest?.("[data-sortable] > li");

document.addEventListener("dragstart", (event) => {
  dragged = lineOf(event.target);
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
  dragged.classList.add("dragged");
});

document.addEventListener("dragover", (event) => {
  const over = lineOf(event.target);
  if (!dragged || over?.parentNode !== dragged.parentNode) return;
  event.preventDefault();
  if (over === dragged) return;
  const isBelow = dragged.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING;
  over[isBelow ? "after" : "before"](dragged);
});

document.addEventListener("drop", (event) => dragged && event.preventDefault());

document.addEventListener("dragend", () => {
  if (!dragged) return;
  const fieldset = dragged.closest("fieldset");
  dragged.classList.remove("dragged");
  dragged = null;
  find("[data-sorted]", fieldset).click();
});

// Whatever moved a line: say the new order, and let the rest of the page follow it.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const order = find("[data-order]", detail.elt);
  if (!order || !detail.elt.matches("fieldset")) return;
  find("#status").textContent = order.textContent;
  detail.elt.dispatchEvent(new Event("change", { bubbles: true }));
});
