// Small conveniences. Every page reads and every form works without them.
"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  dark.addEventListener("change", paint);
  paint();

  document.addEventListener("submit", (event) => {
    const words = event.target.dataset.confirm;
    if (words && !window.confirm(words)) { event.preventDefault(); return; }
    if (event.target.method === "post") {
      // A second press sends nothing; the server would answer it like the first anyway.
      if (event.target.dataset.sent) { event.preventDefault(); return; }
      event.target.dataset.sent = "1";
    }
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  document.addEventListener("click", (event) => {
    const back = event.target.closest("[data-back]");
    if (back && window.history.length > 1) { event.preventDefault(); window.history.back(); return; }
    const code = event.target.closest("[data-copy]");
    if (code && navigator.clipboard) navigator.clipboard.writeText(code.dataset.copy);
  });

  // A list that refreshes itself waits while rows of it are ticked or written in.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.dataset.sent) { event.preventDefault(); return; }  // Its form is on its way already.
    const calm = event.target.closest("[data-calm]");
    if (calm && calm === event.target && calm.querySelector(":checked, input:focus, textarea:focus")) event.preventDefault();
  });

  // A page that was opened to fill in one form begins in its first open field.
  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-focus]");
    const field = form && form.querySelector(form.dataset.focus);
    if (!field) return;
    field.focus();
    if (field.tagName === "INPUT") field.select();
  });

  // A long list that is searched by typing; Enter goes to the first that is left.
  document.addEventListener("input", (event) => {
    const field = event.target.closest("[data-filter]");
    if (!field) return;
    const words = field.value.trim().toLowerCase();
    const list = document.querySelector(field.dataset.filter);
    list.querySelectorAll("[data-find]").forEach((one) => { one.hidden = !one.dataset.find.toLowerCase().includes(words); });
    list.querySelectorAll("[data-group]").forEach((one) => { one.hidden = !one.querySelector("[data-find]:not([hidden])"); });
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("[data-filter]");
    if (!field || event.key !== "Enter") return;
    const first = document.querySelector(`${field.dataset.filter} [data-find]:not([hidden]) a`);
    if (first) { event.preventDefault(); first.click(); }
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token) event.detail.headers["X-CSRF-Token"] = token.content;
  });

  // Keys of a work list: j/k move, Enter opens, others press the button that names them (data-key).
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const rows = [...document.querySelectorAll("[data-row]")];
    if (rows.length && (event.key === "j" || event.key === "k")) {
      const at = rows.findIndex((row) => row.contains(document.activeElement));
      const next = rows[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), rows.length - 1)];
      (next.querySelector("a") || next).focus();
      event.preventDefault();
      return;
    }
    // A key of a row acts on the row in hand alone; a key of the page acts wherever one stands.
    const name = `[data-key="${CSS.escape(event.key)}"]`, row = document.activeElement.closest("[data-row]");
    const named = (row && row.querySelector(name)) || [...document.querySelectorAll(name)].find((one) => !one.closest("[data-row]"));
    if (!named) return;
    event.preventDefault();
    if (named.matches("input[type=search]")) named.focus(); else named.click();
  });
})();
