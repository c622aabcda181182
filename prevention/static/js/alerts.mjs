// Keeps the very-high banner fresh: asks for its fragment every data-poll-seconds and swaps it in only when it changed,
// so that a screen reader speaks once per change. Stops when the session has ended.

const SLOWEST_SECONDS = 120;

export const start = () => {
  for (const region of document.querySelectorAll("[data-poll-url][data-poll-seconds]")) {
    keepFresh(region);
  }
};

const keepFresh = (region) => {
  const usual = Math.max(5, Number(region.dataset.pollSeconds) || 15);
  const title = document.title;
  let shown = region.innerHTML.trim();
  let wait = usual;
  let timer = null;

  const showCount = () => {
    const count = region.querySelectorAll("li").length;
    document.title = count ? `(${count}) ${title}` : title;
  };

  const ask = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(region.dataset.pollUrl, {
        headers: { Accept: "text/html", "X-Requested-With": "fetch" },
        credentials: "same-origin",
        cache: "no-store",
      });
      if (answer.status === 401 || answer.status === 403 || answer.redirected) {
        return;
      }
      if (!answer.ok) {
        throw new Error(`status ${answer.status}`);
      }
      const html = (await answer.text()).trim();
      if (html !== shown) {
        shown = html;
        region.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
        showCount();
      }
      wait = usual;
    } catch {
      wait = Math.min(wait * 2, SLOWEST_SECONDS);
    }
    timer = setTimeout(ask, wait * 1000);
  };

  showCount();
  timer = setTimeout(ask, wait * 1000);
  window.addEventListener("online", ask);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      ask();
    }
  });
};
