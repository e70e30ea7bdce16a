// Browsers give up on "autofocus" when its element is still hidden by the page's own scripts: focus it when all is there.
window.addEventListener("load", () => {
  const wanted = document.querySelector("[autofocus]");
  if (wanted && document.activeElement === document.body) requestAnimationFrame(() => wanted.focus());
});
