// Live pages: rows that changed fade, new threads find their line, and a lost connection says so.
(() => {
  const source = document.getElementById("live");
  const line = document.getElementById("connection");
  const versions = () => new Map(Krate.all("[data-version][id]").map((row) => [row.id, row.dataset.version]));
  let before = null;

  document.addEventListener("htmx:before:swap", (event) => {
    before = versions();
    // A thread that this page does not have yet goes below the line it is about.
    for (const task of event.detail.tasks || []) {
      if (task.target || !task.fragment) continue;
      const after = task.fragment.firstElementChild?.dataset?.after;
      const anchor = after && document.getElementById(after);
      if (anchor) { task.target = anchor; task.swapSpec = { style: "afterend" }; }
    }
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!before) return;
    for (const [id, version] of versions()) {
      if (before.get(id) === version) continue;
      const row = document.getElementById(id);
      row.classList.remove("changed");
      void row.offsetWidth; // restarts the animation
      row.classList.add("changed");
    }
    before = null;
  });

  if (!source) return;
  let heard = Date.now();
  function say(text, link) {
    line.hidden = !text;
    line.textContent = text;
    if (link) {
      const anchor = document.createElement("a");
      [anchor.href, anchor.textContent] = link;
      line.append(" ", anchor);
    }
  }
  const LOST = "Live updates are lost. Trying again; this page may be out of date.";
  let over = false;
  /** The stream will not come back: say why, and stop asking. */
  function end(text, link) { over = true; clearTimeout(timer); say(text, link); source.remove(); }
  let timer = 0;
  function lost() { if (!over) { clearTimeout(timer); timer = setTimeout(() => say(LOST), 1500); } }
  function well() { heard = Date.now(); if (!over) { clearTimeout(timer); say(""); } }

  document.addEventListener("htmx:sse:after:connection", well);
  document.addEventListener("htmx:sse:before:message", well);
  document.addEventListener("htmx:sse:error", lost);
  document.addEventListener("htmx:error", (event) => { if (event.detail.ctx?.sourceElement === source) lost(); });
  source.addEventListener("lost", lost);
  source.addEventListener("ended", () => { end("Your session has ended. What you typed is kept.", [`/signin?next=${encodeURIComponent(location.pathname + location.search)}`, "Sign in again"]); });
  source.addEventListener("gone", () => { end("This page is gone, or you may not see it any more.", [location.href, "Reload"]); });
  // The server says that it is alive every 15 seconds; a connection that died without a word is noticed here.
  setInterval(() => { if (Date.now() - heard > 40000 && !document.hidden) lost(); }, 5000);
})();
