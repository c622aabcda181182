// What a device still keeps of forms that no page of today can use. What the server kept beside a visit is told; what it
// does not take any more, because its user may no longer see the visit, is shown: to be read out to somebody, or discarded knowingly.

import * as device from "./device.mjs";
import { button, text } from "./elements.mjs";

const moment = (at) =>
  new Date(at).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "Europe/London" });

const panelOf = (id, title) => {
  document.getElementById(id)?.remove();
  const panel = document.createElement("section");
  panel.id = id;
  panel.className = "app-versions";
  panel.tabIndex = -1;
  panel.setAttribute("aria-labelledby", `${id}-title`);
  const heading = text("h2", title, "govuk-heading-m");
  heading.id = `${id}-title`;
  panel.append(heading);
  return panel;
};

const show = (panel) => {
  const first = document.querySelector("main h1");
  first ? first.after(panel) : document.querySelector("main").prepend(panel);
};

/** Tells what became of copies that came too late for their visits. */
export const tellKept = (sentences) => {
  if (sentences.length === 0) {
    return;
  }
  const panel = panelOf("kept-beside", "Something you typed came too late");
  for (const words of new Set(sentences)) {
    panel.append(text("p", words, "govuk-body"));
  }
  panel.append(button("Close", "govuk-button--secondary", () => panel.remove()));
  show(panel);
};

const answers = (fields) => {
  const list = document.createElement("dl");
  list.className = "govuk-summary-list";
  for (const [name, values] of Object.entries(fields)) {
    const said = values.filter(Boolean).join(", ");
    if (said) {
      const row = text("div", "", "govuk-summary-list__row");
      row.append(
        text("dt", name.replace(/[-_]+/g, " "), "govuk-summary-list__key"),
        text("dd", said, "govuk-summary-list__value"),
      );
      list.append(row);
    }
  }
  return list;
};

/** Shows a copy that its user may not send any more, and lets them keep it a while or discard it. */
export const offerRefused = async (name) => {
  const copy = await device.read(name);
  if (!copy) {
    return;
  }
  const panel = panelOf(`refused-${device.partsOf(name).page}`, "Something you typed cannot be sent");
  const details = document.createElement("details");
  details.className = "govuk-details";
  const summary = document.createElement("summary");
  summary.className = "govuk-details__summary";
  summary.append(text("span", "Show what was typed", "govuk-details__summary-text"));
  const said = text("div", "", "govuk-details__text");
  said.append(answers(copy.fields));
  details.append(summary, said);
  const keep = button("Keep it for now", "govuk-button--secondary", () => panel.remove());
  const sure = button("Yes, discard it for good", "govuk-button--warning", () => {
    device.drop(name);
    panel.remove();
  });
  const discard = button("Discard it", "govuk-button--warning", () => {
    discard.remove();
    keep.before(sure); // not where "Discard it" was: there a second tap by mistake keeps it
    sure.focus();
  });
  panel.append(
    text(
      "p",
      `You typed it on ${moment(copy.at)}, into the form of a visit that you may no longer record. It is on this device only, locked for you.`,
      "govuk-body",
    ),
    text("p", "Show it to your coordinator if somebody needs it. Then discard it.", "govuk-body"),
    details,
    keep,
    discard,
  );
  show(panel);
};
