// The manifest panel: the YAML of what has focus, or of what the form with focus would send, as it is typed.
(() => {
  const panel = document.getElementById("panel");
  const body = document.getElementById("panel-body");
  if (!panel) return;
  let previewed = null;
  let request = null;
  let opener = null;

  async function load(url, options) {
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(url, { ...options, headers: { "HX-Request": "true", ...options?.headers }, signal: request.signal });
      if (answer.headers.get("HX-Redirect")) { location.href = answer.headers.get("HX-Redirect"); return; }
      body.innerHTML = await answer.text(); // our own template: every value in it is escaped
      body.querySelector(".line.changed")?.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (error.name !== "AbortError") body.textContent = "The server cannot be reached. The panel will work again when it is back.";
    }
  }

  function show() {
    if (!panel.hidden) return;
    opener = document.activeElement;
    panel.hidden = false;
  }

  function close() {
    panel.hidden = true;
    previewed = null;
    request?.abort();
    if (opener?.isConnected) opener.focus();
  }

  function preview(form) {
    previewed = form;
    const sent = new URLSearchParams(new FormData(form));
    sent.set("preview", "1");
    load(form.getAttribute("hx-post") || form.action, { method: "POST", body: sent });
  }

  /** What `y` means where the focus is: a form, a row, or the page's object. */
  function toggle() {
    const focus = document.activeElement;
    const form = focus?.closest("form:has([data-preview])");
    const row = focus?.closest("[data-panel]") || document.querySelector(".row.current[data-panel]");
    if (!panel.hidden && !form) return close();
    if (form) { show(); return preview(form); }
    const url = (row || document.body).dataset.panel;
    if (!url) return;
    show();
    previewed = null;
    load(url);
  }

  Krate.on("click", "[data-panel-toggle]", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    toggle();
  });
  Krate.on("click", "[data-panel-close]", close);
  Krate.on("click", "[data-preview]", (_event, button) => {
    const form = document.getElementById(button.dataset.preview) || button.closest("form");
    if (!panel.hidden && previewed === form) return close();
    show();
    preview(form);
  });
  let timer = 0;
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      if (panel.hidden || !previewed || event.target.form !== previewed) return;
      clearTimeout(timer);
      timer = setTimeout(() => preview(previewed), 120);
    });
  }
  Krate.panel = { toggle, close, get open() { return !panel.hidden; } };
})();
