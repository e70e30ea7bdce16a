// Shows anew what has the address of its newer self in "data-refresh", until it has none any more.
const SECONDS = 2;

async function refresh() {
  const shown = document.querySelector("[data-refresh]");
  if (!shown) return;
  try {
    const answer = await fetch(shown.dataset.refresh);
    if (answer.ok && !answer.redirected) shown.outerHTML = await answer.text();
  } finally {
    setTimeout(refresh, SECONDS * 1000);
  }
}

setTimeout(refresh, SECONDS * 1000);
