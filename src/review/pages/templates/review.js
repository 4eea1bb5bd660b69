// Everything works without this script. It fetches the verdict when it is there, and loads a page again that
// only says that the log is being read.
"use strict";
const waiting = document.querySelector("[data-wait]");
if (waiting) setTimeout(() => location.reload(), Number(waiting.dataset.wait));

const verdict = document.querySelector("[data-pending]");
if (verdict && !waiting) {
  const ask = async () => {
    try {
      const answer = await fetch(verdict.dataset.pending, { cache: "no-store" });
      if (!answer.ok) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("verdict");
      if (!found || found.dataset.pending) {
        setTimeout(ask, 200);
        return;
      }
      verdict.className = found.className;
      verdict.replaceChildren(...found.childNodes);
      // What a page says of the verdict beyond the line on top is made by the server.
      if (document.querySelector("[data-verdict-page]")) location.reload();
    } catch {
      // The program has ended; what is shown stays.
    }
  };
  ask();
}
