// The search box of the counter: offers matches while one types. Without this file, Enter shows them on a page.
const form = document.querySelector("form.counter");
const box = form.querySelector("input");
const list = form.querySelector("ul");
const status = form.querySelector("[role=status]");
const PAUSE = 80; // milliseconds without a key

let timer;
let asked = new AbortController();
let active = -1;

box.setAttribute("role", "combobox");
box.setAttribute("aria-autocomplete", "list");
box.setAttribute("aria-controls", list.id);
close();

function close() {
  list.hidden = true;
  list.replaceChildren();
  mark(-1);
  box.setAttribute("aria-expanded", "false");
  status.textContent = "";
}

function mark(place) {
  active = place;
  [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === place)));
  const option = list.children[place];
  if (option) {
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    box.removeAttribute("aria-activedescendant");
  }
}

function part(text, name) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function option(match, index) {
  const item = document.createElement("li");
  item.id = `counter-match-${index}`;
  item.setAttribute("role", "option");
  item.dataset.address = match.address;
  item.append(part(match.name, "name"), part(match.found_by, "found-by"), part(match.owes, "owes"));
  return item;
}

function show(matches) {
  list.replaceChildren(...matches.map(option));
  list.hidden = !matches.length;
  box.setAttribute("aria-expanded", String(matches.length > 0));
  status.textContent = matches.length
    ? `${matches.length} ${form.dataset.found}`
    : form.dataset.nobody;
  mark(-1);
}

async function ask() {
  const typed = box.value.trim();
  if (!typed) return close();
  try {
    const address = `${form.dataset.matches}?q=${encodeURIComponent(typed)}`;
    const answer = await fetch(address, { signal: asked.signal, headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return close(); // signed out: Enter leads to the sign-in
    show((await answer.json()).matches);
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

function forget() {
  clearTimeout(timer);
  asked.abort();
  asked = new AbortController();
}

box.addEventListener("input", () => {
  forget();
  timer = setTimeout(ask, PAUSE);
});

box.addEventListener("keydown", (event) => {
  const count = list.children.length;
  if (event.key === "Escape" && count) {
    event.preventDefault();
    close();
  } else if (["ArrowDown", "ArrowUp"].includes(event.key) && count) {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    mark(active < 0 && step < 0 ? count - 1 : (active + step + count) % count);
  } else if (event.key === "Enter" && active >= 0) {
    event.preventDefault();
    location.assign(list.children[active].dataset.address);
  }
});

list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
list.addEventListener("click", (event) => {
  const item = event.target.closest("li");
  if (item) location.assign(item.dataset.address);
});
box.addEventListener("blur", () => {
  forget();
  close();
});
form.addEventListener("submit", forget);
