"use strict";
// Tables sort by a click on a head; a number tells where it comes from on hover, focus or click.
for (const table of document.querySelectorAll("table.sorts")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const key = (row, i) => {
    const cell = row.cells[i], data = cell && cell.querySelector("data");
    return data ? parseFloat(data.getAttribute("value")) : cell ? cell.textContent.trim() : "";
  };
  if (body.rows.length > 1) heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = table.dataset.sort;
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(h => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map((row, at) => ({ row, at, k: key(row, i) }));
      rows.sort((a, b) => {
        const an = typeof a.k === "number", bn = typeof b.k === "number";
        if (an && bn && !isNaN(a.k) && !isNaN(b.k) && a.k !== b.k) return (a.k - b.k) * (down ? -1 : 1);
        if (an !== bn) return an ? -1 : 1;
        if (!an) { const c = a.k.localeCompare(b.k, document.documentElement.lang, { numeric: true }); if (c) return down ? -c : c; }
        else if (isNaN(a.k) !== isNaN(b.k)) return isNaN(a.k) ? 1 : -1;
        return a.at - b.at;
      });
      body.append(...rows.map(r => { r.row.classList.remove("ruled"); return r.row; }));
    });
  });
}
const panel = document.getElementById("origin");
let shown = null;
const show = el => {
  shown = el;
  panel.textContent = el.dataset.origin;
  panel.hidden = false;
  const at = el.getBoundingClientRect(), size = panel.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - size.width - 8));
  const below = at.bottom + 6, above = at.top - size.height - 6;
  panel.style.left = left + scrollX + "px";
  panel.style.top = (below + size.height > innerHeight && above > 0 ? above : below) + scrollY + "px";
};
const hide = () => { shown = null; panel.hidden = true; };
for (const el of document.querySelectorAll("data[title]")) {
  el.dataset.origin = el.title;
  el.removeAttribute("title");
  el.setAttribute("aria-describedby", "origin");
  el.addEventListener("mouseenter", () => show(el));
  el.addEventListener("mouseleave", hide);
  el.addEventListener("focus", () => show(el));
  el.addEventListener("blur", hide);
  el.addEventListener("click", event => { event.stopPropagation(); show(el); });
}
addEventListener("keydown", event => { if (event.key === "Escape") hide(); });
addEventListener("click", () => { if (shown) hide(); });
