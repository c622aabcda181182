// Moves a progress bar: asks data-progress-url for {done, total, state, words} until state is done, failed or cancelled,
// then loads the page again so that the server shows the result.

const ENDED = new Set(["done", "failed", "cancelled"]);

const follow = (box) => {
  const bar = box.querySelector("progress");
  const words = box.querySelector("[role=status]");
  const usual = Math.max(1, Number(box.dataset.progressSeconds) || 1);
  let wait = usual;
  let spokenAt = 0;

  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.progressUrl, {
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        cache: "no-store",
      });
      if (answer.status === 401) {
        window.location.reload(); // the session has ended: the server asks to sign in and comes back here
        return;
      }
      if (!answer.ok || answer.redirected) {
        throw new Error(`status ${answer.status}`);
      }
      const { done, total, state, words: said } = await answer.json();
      if (total > 0) {
        bar.max = total;
        bar.value = done;
      } else {
        bar.removeAttribute("value");
      }
      const ended = ENDED.has(state);
      if (ended || Date.now() - spokenAt > 3000) {
        words.textContent = said || `${done.toLocaleString("en-GB")} of ${total.toLocaleString("en-GB")}`;
        spokenAt = Date.now();
      }
      if (ended) {
        setTimeout(() => window.location.reload(), 600);
        return;
      }
      wait = usual;
    } catch {
      wait = Math.min(wait * 2, 30);
      words.textContent = "No answer from the server. Trying again.";
    }
    setTimeout(ask, wait * 1000);
  };

  setTimeout(ask, wait * 1000);
};

for (const box of document.querySelectorAll("[data-progress-url]")) {
  follow(box);
}
