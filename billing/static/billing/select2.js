// select2 hides the field that has a label, and shows a box without one: its name is the label and what is chosen.
function nameBox(select) {
  const box = select.nextElementSibling?.querySelector("[role=combobox]");
  const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
  if (!box || !label) return;
  label.id ||= `${select.id}-label`;
  box.setAttribute("aria-labelledby", `${label.id} ${box.firstElementChild.id}`);
}

window.addEventListener("load", () => document.querySelectorAll("select.select2-hidden-accessible").forEach(nameBox));
