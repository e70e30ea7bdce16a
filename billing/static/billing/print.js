// The button "Print"; a roll is as long as what stands on it.
const paper = document.querySelector(".paper");

document.getElementById("print").addEventListener("click", () => window.print());

if (document.body.classList.contains("roll")) {
  const style = document.head.appendChild(document.createElement("style"));
  const millimetres = (paper.offsetHeight * 25.4) / 96;
  style.textContent = `@page { size: 80mm ${Math.ceil(millimetres)}mm; }`;
}
