// Of a double click only the first is sent; the second would be told that it is done already.
const form = document.getElementById("action-form");
form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => delete form.dataset.sent);
