// The keyboard map of ui.md, for what a page has. Single keys can be switched off (WCAG 2.1.4); chords stay.
(() => {
  const SWITCH = "krate-single-keys";
  let pending = "";
  let forget = 0;

  // ------------------------------------------------------------------ rows of lists
  const rows = () => Krate.all(".row[data-row]").filter(Krate.visible);
  function move(direction) {
    const found = rows();
    if (!found.length) return;
    const place = found.findIndex((row) => row.classList.contains("current"));
    const next = found[Math.min(Math.max(place + direction, 0), found.length - 1)];
    for (const row of found) row.classList.toggle("current", row === next);
    (next.querySelector("a.name, a.title, a") || next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  const current = () => document.querySelector(".row.current");
  const openRow = () => current()?.querySelector("a.name, a.title, a")?.click();

  /** Every key of this page: those written in the page, then those of its lists, threads and diff. */
  function map() {
    const keys = new Map();
    for (const element of Krate.all("[data-key]")) {
      if (element.closest("dialog")) continue;
      keys.set(element.dataset.key, [element.dataset.keyLabel || element.textContent.trim(), () => act(element)]);
    }
    if (rows().length && !Krate.diff) {
      keys.set("j", ["Next row", () => move(1)]);
      keys.set("k", ["Previous row", () => move(-1)]);
      keys.set("o", ["Open the row", openRow]);
    }
    if (document.querySelector("[data-thread]")) for (const [key, entry] of Object.entries(Krate.threads)) keys.set(key, entry);
    for (const [key, entry] of Object.entries(Krate.diff?.keys || {})) keys.set(key, entry);
    return keys;
  }

  function act(element) {
    if (element.matches("input")) { element.focus(); element.select(); return; }
    if (element.matches("summary")) { element.parentElement.open = !element.parentElement.open; element.focus(); return; }
    if (element.matches("[data-panel-toggle]")) { Krate.panel.toggle(); return; }
    element.click();
  }

  const enabled = () => Krate.recall(SWITCH) !== "off";

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return escape(event);
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); Krate.palette.open("all"); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (!enabled() || Krate.typing(event.target) || document.querySelector("dialog[open]")) return;
    const keys = map();
    const chord = pending ? `${pending} ${event.key}` : event.key;
    pending = "";
    const found = keys.get(chord);
    if (found) { event.preventDefault(); found[1](); return; }
    if ([...keys.keys()].some((key) => key.startsWith(`${event.key} `))) {
      pending = event.key;
      clearTimeout(forget);
      forget = setTimeout(() => { pending = ""; }, 1500);
    }
  });

  function escape(event) {
    if (document.querySelector("dialog[open]")) return;
    const menu = document.querySelector("details[open]:has(> .menu)");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    if (Krate.panel?.open) { Krate.panel.close(); return; }
    if (Krate.typing(event.target) && !event.target.closest("tr.composer")) { event.target.blur(); return; }
    Krate.diff?.dismiss();
  }

  // Menus close when the click is elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of Krate.all("details[open]:has(> .menu)")) if (!menu.contains(event.target)) menu.open = false;
  });

  Krate.keys = { map, enabled, set enabled_(on) { Krate.keep(SWITCH, on ? null : "off"); } };
})();
