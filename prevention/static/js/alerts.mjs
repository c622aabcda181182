// Keeps the very-high banner fresh: asks for its fragment every data-poll-seconds and swaps it in only when its version
// (data-etag) changed, so that a screen reader speaks once per change and a button keeps its focus. Stops when the
// session has ended.

const SLOWEST_SECONDS = 120;

const keepFresh = (region) => {
  const usual = Math.max(5, Number(region.dataset.pollSeconds) || 15);
  const title = document.title;
  let version = region.querySelector("[data-etag]")?.dataset.etag ?? "none";
  let wait = usual;
  let timer = null;

  const showCount = () => {
    const count = Number(region.querySelector("[data-count]")?.dataset.count ?? 0);
    document.title = count ? `(${count}) ${title}` : title;
  };

  const ask = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(region.dataset.pollUrl, {
        headers: { Accept: "text/html", "X-Requested-With": "fetch", "If-None-Match": `W/"${version}"` },
        credentials: "same-origin",
        cache: "no-store",
      });
      if (answer.status === 401 || answer.status === 403 || answer.redirected) {
        return;
      }
      if (answer.status !== 304) {
        if (!answer.ok) {
          throw new Error(`status ${answer.status}`);
        }
        const html = (await answer.text()).trim();
        region.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
        version = region.querySelector("[data-etag]")?.dataset.etag ?? "none";
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

for (const region of document.querySelectorAll("[data-poll-url][data-poll-seconds]")) {
  keepFresh(region);
}
