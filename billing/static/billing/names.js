// What a screen reader needs and the widgets of others leave out.

// select2 hides the field that has a label, and shows a box without one: its name is the label and what is chosen.
function nameBox(select) {
  const box = select.nextElementSibling?.querySelector("[role=combobox]");
  const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
  if (!box || !label) return;
  const chosen = box.firstElementChild;
  label.id ||= `${select.id}-label`;
  box.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
  if (chosen.getAttribute("role") === "textbox") chosen.setAttribute("aria-labelledby", label.id);
}

function nameAll() {
  document.querySelectorAll("select.select2-hidden-accessible").forEach(nameBox);
  document.querySelectorAll(".help-tooltip[aria-label]").forEach((icon) => icon.setAttribute("role", "img"));
}

window.addEventListener("load", () => setTimeout(nameAll)); // the widgets are made when the page is loaded, too
