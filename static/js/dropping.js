// Dropping a file or a text onto <form data-drop>: it goes into the form's own fields, as
// if it had been chosen or pasted there. Without this module one does just that.

const find = (selector, from = document) => from.querySelector(selector);
const form = find("[data-drop]");
const [file, text] = [find("[type=file]", form), find("textarea[name=text]", form)];
let depth = 0;

const mark = (isOver) => form.classList.toggle("over", isOver);

/** Says what is chosen, also to those who listen instead of looking. */
function tell() {
  const [chosen] = file.files;
  const size = chosen && (chosen.size < 1e6 ? `${Math.ceil(chosen.size / 1e3)} kB` : `${(chosen.size / 1e6).toFixed(1)} MB`);
  find("#dropped").textContent = chosen ? `${chosen.name}, ${size}` : "";
}

// A file that misses the form must not replace the page.
for (const type of ["dragover", "drop"]) document.addEventListener(type, (event) => event.preventDefault());
document.addEventListener("dragenter", () => { depth += 1; mark(true); });
document.addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) mark(false); });
document.addEventListener("drop", ({ dataTransfer }) => {
  depth = 0;
  mark(false);
  if (dataTransfer.files.length) {
    file.files = dataTransfer.files;
    text.value = "";
    tell();
    file.focus();
  } else if (dataTransfer.getData("text/plain")) {
    text.value = dataTransfer.getData("text/plain");
    file.value = "";
    tell();
    text.focus();
  }
});
file.addEventListener("change", tell);

// Pasted anywhere but into a field, a document goes into the field for it.
document.addEventListener("paste", (event) => {
  if (event.target.closest?.("input, textarea, select")) return;
  const pasted = event.clipboardData.getData("text/plain");
  if (!pasted) return;
  event.preventDefault();
  text.value = pasted;
  text.focus();
});
