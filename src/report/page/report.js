// The page says everything without this script. With it, the table of customers can be filtered and put into
// another order.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const [form, text, outcome, reason, order, reverse, count] =
    ["find", "find-text", "find-outcome", "find-reason", "find-order", "find-reverse", "find-count"].map($);
  const groups = $("groups");
  const heading = $("customers");
  const number = new Intl.NumberFormat("en");
  const collator = new Intl.Collator("en", { numeric: true });
  const folded = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const sections = [...groups.querySelectorAll("section")].map((section) => {
    const shown = section.querySelector("h3 .soft");
    return { section, shown, all: shown.textContent, body: section.querySelector("tbody"), name: section.className.slice(2) };
  });
  const rows = sections.flatMap((home) =>
    [...home.body.rows].map((element) => {
      element.classList.add("o-" + home.name);
      return { element, home };
    }),
  );

  // What is asked of a row is looked up when it is first asked for; never among its requests, which are many.
  const paragraphs = (row) => [...row.element.cells[2].children].filter((part) => part.localName === "p");
  const said = (row) =>
    (row.said ??= folded([row.element.cells[1], ...paragraphs(row)].map((part) => part.textContent).join(" ")));
  const reasons = (row) =>
    (row.reasons ??= new Set(paragraphs(row).flatMap((part) => [...part.querySelectorAll("code")].map((code) => code.textContent))));
  const day = (row, name) => paragraphs(row).map((part) => part.querySelector("time." + name)).find((time) => time)?.textContent ?? "";
  const key = {
    row: (row) => Number(row.element.cells[0].textContent),
    name: (row) => row.element.cells[1].querySelector("bdi")?.textContent ?? "",
    from: (row) => day(row, "from"),
    act: (row) => day(row, "act"),
    settled: (row) => row.element.querySelector("dl")?.querySelector("time")?.textContent ?? "",
  };
  // What has no such thing comes last, in either direction.
  const compare = (one, other, direction) => {
    if (one === other) return 0;
    if (one === "" || other === "") return one === "" ? 1 : -1;
    return direction * (typeof one === "number" ? one - other : collator.compare(one, other));
  };

  let list = null;
  const flat = () => {
    if (list) return list;
    const frame = groups.querySelector(".frame").cloneNode(false);
    const table = groups.querySelector("table").cloneNode(false);
    const caption = document.createElement("caption");
    const body = groups.querySelector("tbody").cloneNode(false);
    table.append(caption, groups.querySelector("thead").cloneNode(true), body);
    frame.append(table);
    groups.before(frame);
    return (list = { frame, caption, body });
  };

  // Rows are moved where nobody sees them: in sight, each move would cost as much as there are rows.
  const move = (body, elements) => {
    const table = body.parentNode;
    body.remove();
    body.append(...elements);
    table.append(body);
  };

  const arrange = () => {
    const by = order.value;
    reverse.disabled = !by;
    groups.hidden = by !== "";
    if (list) list.frame.hidden = by === "";
    heading.textContent = by ? "All rows" : "All rows, by outcome";
    if (!by) {
      list?.body.replaceChildren();
      for (const home of sections) move(home.body, rows.filter((row) => row.home === home).map((row) => row.element));
      return;
    }
    const { frame, caption, body } = flat();
    const isReversed = reverse.getAttribute("aria-pressed") === "true";
    const direction = isReversed ? -1 : 1;
    const keyed = rows.map((row) => ({ row, key: key[by](row), place: key.row(row) }));
    keyed.sort((one, other) => compare(one.key, other.key, direction) || one.place - other.place);
    for (const home of sections) home.body.replaceChildren();
    move(body, keyed.map(({ row }) => row.element));
    caption.textContent = `In the order of: ${order.selectedOptions[0].textContent}${isReversed ? ", the last first" : ""}`;
    frame.hidden = false;
  };

  const filter = () => {
    const words = folded(text.value).split(/\s+/).filter(Boolean);
    const isWanted = (row) =>
      (!outcome.value || row.home.name === outcome.value) &&
      (!reason?.value || reasons(row).has(reason.value)) &&
      words.every((word) => said(row).includes(word));
    const left = new Map(sections.map((home) => [home, 0]));
    let shown = 0;
    for (const row of rows) {
      const isShown = isWanted(row);
      if (row.element.hidden === isShown) row.element.hidden = !isShown;
      if (isShown) {
        shown += 1;
        left.set(row.home, left.get(row.home) + 1);
      }
    }
    const isWhole = shown === rows.length;
    for (const [home, some] of left) {
      home.section.hidden = some === 0;
      home.shown.textContent = isWhole ? home.all : `${number.format(some)} of ${home.all}`;
    }
    count.textContent = `${number.format(shown)} of ${number.format(rows.length)} shown`;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  order.addEventListener("change", arrange);
  reverse.addEventListener("click", () => {
    reverse.setAttribute("aria-pressed", String(reverse.getAttribute("aria-pressed") !== "true"));
    arrange();
  });
  // A link to an outcome leads to its group, which must be there.
  addEventListener("hashchange", () => {
    const target = location.hash.startsWith("#g-") && $(location.hash.slice(1));
    if (!target) return;
    form.reset();
    arrange();
    filter();
    target.scrollIntoView();
  });
  form.hidden = false;
  filter();
})();
