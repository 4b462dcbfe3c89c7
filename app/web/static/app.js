// Small conveniences. Every page reads and every form works without them.
"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const paint = () => root.setAttribute("data-bs-theme", root.dataset.look || (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", paint);
  paint();

  const spoken = (words) => { const place = document.getElementById("said"); if (place) place.textContent = words; };

  // An act that cannot be taken back is asked about once more, in a dialog that names it; the answer sends the form.
  const ask = (form, button) => {
    const dialog = document.querySelector("dialog#confirm"), sure = dialog.querySelector("[data-sure]");
    dialog.querySelector("[data-words]").textContent = form.dataset.confirm;
    if (button) { sure.textContent = button.textContent.replace(/\s+/g, " ").trim(); sure.className = button.className.replace("outline-danger", "danger"); }
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue !== "sure") { if (button) button.focus(); return; }
      form.dataset.sure = "1";
      if (button) form.requestSubmit(button); else form.requestSubmit();
    };
    dialog.showModal();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !form.dataset.sure) { event.preventDefault(); ask(form, event.submitter); return; }
    delete form.dataset.sure;
    if (form.method === "post") {
      // A second press sends nothing; the server would answer it like the first anyway.
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    }
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
    document.querySelectorAll("[aria-busy]").forEach((one) => one.removeAttribute("aria-busy"));
  });

  const copy = async (button) => {
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch {
      const code = button.previousElementSibling;  // Where the browser forbids it, the code is marked for Ctrl+C.
      if (code) window.getSelection().selectAllChildren(code);
      return;
    }
    button.textContent = button.dataset.done || "";
    spoken(button.dataset.done || "");
    window.setTimeout(() => { button.textContent = ""; spoken(""); }, 2500);
  };
  document.addEventListener("click", (event) => {
    const back = event.target.closest("[data-back]");
    if (back && window.history.length > 1) { event.preventDefault(); window.history.back(); return; }
    const code = event.target.closest("[data-copy]");
    if (code) { copy(code); return; }
    if (event.target.closest("[data-print]")) window.print();
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens).showModal();
    if (event.target.matches("dialog[open]")) event.target.close();  // Beside the dialog.
  });

  // A file that was chosen or dropped: its name and size, and what is too large is refused before it is sent.
  const size = (bytes) => bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
  document.addEventListener("change", (event) => {
    const drop = event.target.closest("[data-drop]");
    if (!drop || event.target.type !== "file") return;
    const files = [...event.target.files], large = files.some((file) => file.size > Number(drop.dataset.max));
    event.target.setCustomValidity(large ? drop.dataset.tooLarge : "");
    drop.classList.toggle("refused", large);
    drop.querySelector(".drop-said").textContent = large ? `■ ${drop.dataset.tooLarge}`
      : files.map((file) => `${file.name} · ${size(file.size)}`).join("\n");
  });
  for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, (event) => {
    const drop = event.target.closest && event.target.closest("[data-drop]");
    if (!drop) return;
    drop.classList.toggle("over-it", name === "dragover");
    if (name !== "drop") { event.preventDefault(); return; }
    event.preventDefault();
    const field = drop.querySelector("input[type=file]");
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // A list that refreshes itself waits while something is written in it or on its way; ticks that it keeps do not hold
  // it up.
  const BUSY = ":checked:not([hx-preserve]), input:focus:not([hx-preserve]), textarea:focus, form[data-sent]";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.dataset.sent) { event.preventDefault(); return; }  // Its form is on its way already.
    if (event.target.matches("[data-calm]") && event.target.querySelector(BUSY)) event.preventDefault();
  });

  // After it has refreshed, what was in hand is in hand again: the same thing, else its row, else the row that stood
  // next. What has come since is told.
  const rowsOf = (region) => new Map([...region.querySelectorAll("[data-row]")].map((row) => [(row.querySelector("a[id]") || row).id, row]));
  const sameAs = (one) => one.id ? `#${CSS.escape(one.id)}` : one.dataset.key ? `[data-key="${CSS.escape(one.dataset.key)}"]`
    : one.hasAttribute("href") ? `a[href="${CSS.escape(one.getAttribute("href"))}"]` : one.localName;
  let was = null, come = 0;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const region = event.detail.target, active = document.activeElement, row = active.closest("[data-row]");
    if (!region.matches("[data-calm]")) return;
    const rows = rowsOf(region), keys = [...rows.keys()];
    was = { keys, at: Date.parse(region.dataset.at), fresh: Number(region.dataset.new), place: keys.findIndex((key) => rows.get(key) === row),
      same: region.contains(active) ? sameAs(active) : "" };
  });
  const handBack = (region, rows) => {
    const after = was.keys.slice(was.place + 1), before = was.keys.slice(0, Math.max(was.place, 0)).reverse();
    const key = was.place < 0 ? undefined : [was.keys[was.place], ...after, ...before].find((one) => rows.has(one));
    const row = rows.get(key), same = key === was.keys[was.place] || was.place < 0 ? (row || region).querySelector(was.same) : null;
    const goal = same || (row && row.querySelector("a")) || document.getElementById("content");
    if (goal !== document.activeElement) goal.focus({ preventScroll: true });
  };
  document.addEventListener("htmx:afterSwap", (event) => {
    const region = event.target, told = document.getElementById("arrived");
    if (!was || !region.matches("[data-calm]")) return;
    const rows = rowsOf(region);
    if (was.same) handBack(region, rows);
    if (told && region.dataset.arrived) {
      const since = Math.floor(was.at / 1000) * 1000;  // Rows tell whole seconds.
      const seen = [...rows].filter(([key, row]) => !was.keys.includes(key) && Date.parse(row.querySelector(".arrived time").dateTime) >= since);
      const more = Math.max(seen.length, Number(region.dataset.new) - was.fresh);
      if (more > 0) { come += more; told.textContent = region.dataset.arrived.replace("{n}", come); }
    }
    was = null;
  });

  // A page that was opened to fill in one form begins in its first open field.
  document.addEventListener("DOMContentLoaded", () => {
    const faults = document.getElementById("faults");
    if (faults) { faults.focus(); return; }
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

  // What is written in several lines is sent with Ctrl+Enter, since Enter begins the next line.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.target.localName !== "textarea") return;
    const button = event.target.form && event.target.form.querySelector("button[type=submit]");
    if (button) { event.preventDefault(); event.target.form.requestSubmit(button); }
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token) event.detail.headers["X-CSRF-Token"] = token.content;
  });

  // The keys of the page in hand, out of the page itself: what a page writes down under "keys", else its data-key.
  const explainKeys = (dialog) => {
    const list = dialog.querySelector("dl"), rows = new Map(), written = document.querySelector(".keys dl");
    const word = (one) => (one.dataset.keySaid || one.getAttribute("aria-label") || one.textContent).replace(/\s+/g, " ").trim();
    if (written) written.querySelectorAll("dt").forEach((term) => rows.set(term.textContent.trim(), term.nextElementSibling.textContent.trim()));
    else {
      if (document.querySelector("[data-row]")) { rows.set("j / k", dialog.dataset.move); rows.set("Enter", dialog.dataset.enter); }
      document.querySelectorAll("[data-key]").forEach((one) => {
        const plain = one.cloneNode(true);
        plain.querySelectorAll("kbd, svg").forEach((part) => part.remove());
        if (!rows.has(one.dataset.key)) rows.set(one.dataset.key, word(plain));
      });
    }
    rows.set("?", dialog.dataset.help);
    list.replaceChildren(...[...rows].flatMap(([key, said]) => {
      const term = document.createElement("dt"), words = document.createElement("dd"), cap = document.createElement("kbd");
      cap.textContent = key; term.append(cap); words.textContent = said;
      return [term, words];
    }));
    dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) explainKeys(document.querySelector("dialog#keys"));
  });

  // Keys of a work list: j/k move, Enter opens, others press the button that names them (data-key).
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const help = document.querySelector("dialog#keys");
    if (event.key === "?" && help) { event.preventDefault(); if (help.open) help.close(); else explainKeys(help); return; }
    if (document.querySelector("dialog[open]")) return;
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
