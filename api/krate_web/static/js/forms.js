// Copy buttons, drafts that survive a reload, Ctrl+Enter, and refusals that take the focus to their field.
(() => {
  Krate.on("click", "[data-copy]", async (_event, button) => {
    const label = button.querySelector("span");
    const before = label.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      label.textContent = "Copied";
    } catch {
      label.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { label.textContent = before; }, 1500);
  });

  Krate.on("focusin", "#clone-url", (_event, input) => input.select());

  // Ctrl+Enter sends the form that has focus.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form");
    if (form) { event.preventDefault(); form.requestSubmit(); }
  });

  // Drafts: what was typed outlives a reload, an ended session and a closed tab of this window.
  const name = (field) => `draft:${location.pathname}:${field.dataset.draft}`;
  Krate.on("input", "[data-draft]", (_event, field) => Krate.keep(name(field), field.value || null, sessionStorage));
  function restore(root) {
    for (const field of Krate.all("[data-draft]", root)) {
      const kept = Krate.recall(name(field), sessionStorage);
      if (kept && field.value === field.defaultValue) field.value = kept;
    }
  }
  restore(document);

  function forget(form) {
    for (const field of Krate.all("[data-draft]", form)) Krate.keep(name(field), null, sessionStorage);
  }
  // A form that a whole page answers is forgotten when it goes; a refusal brings its text back in the page.
  document.addEventListener("submit", (event) => { if (!event.target.hasAttribute("hx-post")) forget(event.target); });

  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement;
    if (!(form instanceof HTMLFormElement) || ctx.request.method !== "POST" || ctx.response.status >= 400) return;
    forget(form);
    form.reset();
    clear(form);
    const edit = form.closest("details.edit, details.reply");
    if (edit) edit.open = false;
    form.closest("tr.composer")?.remove();
  });

  function clear(form) {
    for (const field of Krate.all("[aria-invalid]", form)) { field.removeAttribute("aria-invalid"); field.removeAttribute("aria-describedby"); }
    for (const box of Krate.all("[id$='-problem']", form)) box.replaceChildren();
  }

  // A refusal marks its field and moves the focus there (visual.md, REFUSED).
  document.addEventListener("htmx:after:swap", (event) => {
    const form = event.detail.ctx.sourceElement;
    if (event.detail.ctx.response?.status >= 400 && form instanceof HTMLFormElement) point(form);
  });
  function point(form) {
    const problem = form.querySelector(".problem") || document.querySelector(".problem[role=alert]");
    if (!problem) return;
    for (const field of Krate.all("[aria-invalid]", form)) field.removeAttribute("aria-invalid");
    const wanted = problem.dataset.field;
    const field = wanted && form.elements.namedItem(wanted);
    if (field instanceof HTMLElement && field.type !== "hidden") {
      const box = problem.closest("[id]");
      field.setAttribute("aria-invalid", "true");
      if (box) field.setAttribute("aria-describedby", box.id);
      field.focus();
    } else {
      problem.scrollIntoView({ block: "nearest" });
    }
  }
  for (const form of Krate.all("form")) if (form.querySelector(".problem")) point(form);

  // A title that was only suggested follows the branch; one that somebody typed stays.
  document.addEventListener("htmx:after:swap", () => {
    const fresh = document.getElementById("comparison");
    const form = document.getElementById("new-pull");
    if (!fresh || !form || fresh.dataset.seen) return;
    fresh.dataset.seen = "1";
    for (const field of ["title", "body"]) {
      const input = form.elements[field];
      if (fresh.dataset[field] !== undefined && input.value === input.defaultValue) {
        input.value = input.defaultValue = fresh.dataset[field];
      }
    }
  });

  Krate.restoreDrafts = restore;
})();
