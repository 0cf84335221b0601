// The diff: a cursor that moves by line, hunk, thread and file, and a comment on the line it stands on.
(() => {
  const root = document.querySelector("[data-diff]");
  let cursor = null;

  const lines = () => Krate.all("tr.line", root).filter(Krate.visible);

  function go(row) {
    if (!row) return;
    cursor?.classList.remove("current");
    cursor = row;
    row.classList.add("current");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  }

  /** The next of `found` after (or before) the cursor, in document order. */
  function step(found, direction) {
    const from = cursor?.isConnected ? cursor : null;
    if (!from) return direction > 0 ? found[0] : found[found.length - 1];
    const mask = direction > 0 ? Node.DOCUMENT_POSITION_FOLLOWING : Node.DOCUMENT_POSITION_PRECEDING;
    const ahead = found.filter((item) => item !== from && !item.contains(from) && from.compareDocumentPosition(item) & mask);
    return direction > 0 ? ahead[0] : ahead[ahead.length - 1];
  }

  const isChange = (row) => row.matches(".add, .del") || row.querySelector("td.add, td.del");
  /** First line of each run of changed lines. */
  function hunks() {
    const found = lines();
    return found.filter((row, place) => isChange(row) && !(place && found[place - 1].nextElementSibling === row && isChange(found[place - 1])));
  }

  function file(direction) {
    const found = Krate.all(".file", root);
    const target = step(found, direction);
    if (!target) return;
    go(target.querySelector("tr.line") || target);
    target.scrollIntoView({ block: "start" });
  }

  function thread(direction) {
    const target = step(Krate.all("[data-thread]"), direction);
    if (!target) return;
    for (const details of Krate.all("details", target).slice(0, 1)) details.open = true;
    go(target);
  }

  // ------------------------------------------------------------------ comments on a line
  const template = document.getElementById("composer");

  function compose(row, cell) {
    if (!template || !row) return;
    const number = cell || [...row.querySelectorAll("[data-line]")].pop();
    if (!number) return;
    document.querySelector("tr.composer")?.remove();
    const fresh = template.content.cloneNode(true);
    const form = fresh.querySelector("form");
    const path = row.closest("[data-file]").dataset.file;
    form.elements.path.value = path;
    form.elements.side.value = number.dataset.side;
    form.elements.line.value = number.dataset.line;
    form.querySelector("[data-where]").textContent = `${path}:${number.dataset.line}`;
    let last = row;
    while (last.nextElementSibling?.matches(".thread-row")) last = last.nextElementSibling;
    last.after(fresh);
    htmx.process(last.nextElementSibling);
    const field = last.nextElementSibling.querySelector("textarea");
    field.dataset.draft = `${path}:${number.dataset.side}:${number.dataset.line}`;
    Krate.restoreDrafts(last.nextElementSibling);
    field.focus();
  }

  function dismiss() {
    const open = document.querySelector("tr.composer");
    if (!open) return false;
    open.remove();
    cursor?.focus();
    return true;
  }

  Krate.on("click", ".diff .ln[data-line]", (_event, cell) => { go(cell.closest("tr")); compose(cell.closest("tr"), cell); });
  Krate.on("click", "[data-cancel]", dismiss);

  // Source files: a click on a number marks the line, with Shift the range up to it.
  Krate.on("click", ".source th a", (event, link) => {
    const line = Number(link.textContent);
    const from = Number(/^#L(\d+)/.exec(location.hash)?.[1] || line);
    if (!event.shiftKey) { mark(line, line); return; }
    event.preventDefault();
    history.replaceState(null, "", `#L${Math.min(from, line)}-L${Math.max(from, line)}`);
    mark(from, line);
  });
  function mark(from, to) {
    for (const row of Krate.all(".source tr.marked")) row.classList.remove("marked");
    for (let line = Math.min(from, to); line <= Math.max(from, to); line += 1) document.getElementById(`L${line}`)?.classList.add("marked");
  }
  const range = /^#L(\d+)-L(\d+)$/.exec(location.hash);
  if (range) { mark(Number(range[1]), Number(range[2])); document.getElementById(`L${range[1]}`)?.scrollIntoView({ block: "center" }); }

  // A link to a thread opens it.
  function open() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let details = target?.querySelector?.("details") || target?.closest?.("details"); details; details = details.parentElement?.closest("details")) details.open = true;
    if (target?.matches?.("[data-thread]")) target.scrollIntoView({ block: "center" });
  }
  addEventListener("hashchange", open);
  open();

  // The file list says which file is being read.
  if (root) {
    const links = new Map(Krate.all("[data-file-link]").map((link) => [link.hash.slice(1), link]));
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.classList.toggle("current", link.hash.slice(1) === entry.target.id);
      }
    }, { rootMargin: "-60px 0px -70% 0px" });
    const watch = () => Krate.all(".file", root).forEach((found) => seen.observe(found));
    watch();
    document.addEventListener("htmx:after:swap", watch);
  }

  Krate.diff = root && {
    keys: {
      j: ["Next line", () => go(step(lines(), 1))],
      k: ["Previous line", () => go(step(lines(), -1))],
      n: ["Next change", () => go(step(hunks(), 1))],
      p: ["Previous change", () => go(step(hunks(), -1))],
      "]": ["Next file", () => file(1)],
      "[": ["Previous file", () => file(-1)],
      c: ["Comment on the line", () => compose(cursor)],
    },
    dismiss,
  };
  Krate.threads = {
    N: ["Next thread", () => thread(1)],
    P: ["Previous thread", () => thread(-1)],
  };
})();
