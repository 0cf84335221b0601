// Krate's own scripts: small, classic, joined in the order of assets.py. Every page works without them.
const Krate = {
  /** All elements that match, as an array. */
  all(selector, root = document) { return [...root.querySelectorAll(selector)]; },
  /** Run `handler` for events on elements that match, now or later on the page. */
  on(event, selector, handler, options) {
    document.addEventListener(event, (found) => {
      const target = found.target instanceof Element ? found.target.closest(selector) : null;
      if (target) handler(found, target);
    }, options);
  },
  /** Whether somebody is typing there. */
  typing(element) { return element instanceof Element && element.matches("input:not([type=radio],[type=checkbox]), textarea, select, [contenteditable]"); },
  /** Whether people can see it. */
  visible(element) { return element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null; },
  /** A value kept in this browser; absence and a full or forbidden store are the same. */
  recall(key, store = localStorage) { try { return store.getItem(key); } catch { return null; } },
  keep(key, value, store = localStorage) { try { value === null ? store.removeItem(key) : store.setItem(key, value); } catch { /* private mode */ } },
};
