// Finds the addresses of a postcode without leaving the page. The postcode is posted, never put in an address line.
// The server answers {addresses: [{value, label}]}. When anything fails the button submits the form, as without JavaScript.

const listen = (box) => {
  const button = box.querySelector("[data-lookup-button]");
  const postcode = document.getElementById(box.dataset.postcode);
  const select = document.getElementById(box.dataset.address);
  const status = box.querySelector("[data-lookup-status]");
  const list = box.querySelector("[data-lookup-list]");
  if (!button || !postcode || !(select instanceof HTMLSelectElement)) {
    return;
  }
  let plain = false;

  const find = async () => {
    status.textContent = "Looking for addresses…";
    const token = box.closest("form")?.querySelector('input[name="csrf_token"]')?.value ?? "";
    const answer = await fetch(box.dataset.lookupUrl, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": token },
      body: new URLSearchParams({ postcode: postcode.value }),
      credentials: "same-origin",
    });
    if (!answer.ok || answer.redirected) {
      throw new Error(`status ${answer.status}`);
    }
    const { addresses } = await answer.json();
    const first = new Option(addresses.length ? "Choose an address" : "No address found", "");
    select.replaceChildren(first, ...addresses.map(({ value, label }) => new Option(label, value)));
    list.classList.remove("app-no-choices");
    if (addresses.length) {
      status.textContent = `${addresses.length} address${addresses.length === 1 ? "" : "es"} found.`;
      select.focus();
    } else {
      status.textContent = "No address found for that postcode. Check it, or type the address below.";
    }
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };

  button.addEventListener("click", (event) => {
    if (plain) {
      return;
    }
    event.preventDefault();
    if (!postcode.value.trim()) {
      status.textContent = "Enter a postcode first.";
      postcode.focus();
      return;
    }
    find().catch(() => {
      plain = true;
      button.click();
    });
  });
  postcode.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      button.click();
    }
  });
};

for (const box of document.querySelectorAll("[data-lookup-url]")) {
  listen(box);
}
