// One dialog for two questions: which keys are there (`?`), and what can this page do (`Ctrl K`). Both read the page.
(() => {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const make = (tag, text = "", attributes = {}) => {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  function entries(mode) {
    const found = [...Krate.keys.map()].map(([key, [label, run]]) => ({ key, label, run }));
    if (mode === "keys") return found;
    const known = new Set(found.map((entry) => entry.label));
    for (const element of Krate.all("main a.button, main button.primary, .tabs a, .rail nav > a, .switch a, .row a.name, .row a.title")) {
      const label = element.textContent.replace(/\s+/g, " ").trim();
      if (!label || known.has(label) || !Krate.visible(element)) continue;
      known.add(label);
      found.push({ key: "", label, run: () => element.click() });
    }
    return found;
  }

  function open(mode) {
    if (dialog.open) return;
    const list = make("ul");
    const all = entries(mode);
    const field = make("input", "", { type: "search", "aria-label": "Find an action", placeholder: "Find an action or a link of this page", autocomplete: "off" });
    const search = make("form", "", { method: "dialog" });
    search.append(field);
    let shown = [];
    let chosen = 0;
    function draw() {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      shown = all.filter((entry) => words.every((word) => entry.label.toLowerCase().includes(word)));
      chosen = Math.max(0, Math.min(chosen, shown.length - 1));
      list.replaceChildren(...shown.slice(0, 60).map((entry, place) => {
        const item = make("li");
        const button = make("button", entry.label, { type: "button", "aria-selected": String(mode === "all" && place === chosen) });
        button.addEventListener("click", () => { dialog.close(); entry.run(); });
        item.append(button);
        if (entry.key) item.append(make("kbd", entry.key));
        return item;
      }));
      if (!shown.length) list.replaceChildren(make("li", "Nothing on this page is called that.", { class: "text muted" }));
      list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
    }
    field.addEventListener("input", () => { chosen = 0; draw(); });
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); chosen += event.key === "ArrowDown" ? 1 : -1; draw(); }
      if (event.key === "Enter") { event.preventDefault(); const entry = shown[chosen]; dialog.close(); entry?.run(); }
    });
    const title = make("h2", mode === "keys" ? "Keys on this page" : "On this page", { id: "keys-title" });
    dialog.replaceChildren(...(mode === "all" ? [search] : []), title, list, ...(mode === "keys" ? fixed() : []));
    draw();
    dialog.showModal();
    (mode === "all" ? field : dialog.querySelector(".actions button")).focus();
  }

  /** Keys that are everywhere, and the switch that WCAG 2.1.4 asks for. */
  function fixed() {
    const list = make("ul");
    for (const [label, key] of [["Everything this page can do", "Ctrl K"], ["Send the form", "Ctrl Enter"], ["Close what is open", "Esc"]]) {
      const item = make("li", label, { class: "text" });
      item.append(make("kbd", key));
      list.append(item);
    }
    const actions = make("p", "", { class: "actions" });
    const label = make("label", "", { class: "check" });
    const box = make("input", "", { type: "checkbox" });
    box.checked = Krate.keys.enabled();
    box.addEventListener("change", () => { Krate.keys.enabled_ = box.checked; });
    label.append(box, " Single-key shortcuts");
    const done = make("button", "Close", { type: "button" });
    done.addEventListener("click", () => dialog.close());
    actions.append(label, make("span", "", { class: "grow" }), done);
    return [list, actions];
  }

  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  Krate.on("click", "[data-palette]", () => open("all"));
  Krate.on("click", "[data-help]", () => open("keys"));
  Krate.palette = { open };
})();
