// What is more comfortable with a script, but works without: copying, dates in the reader's zone, menus that
// close, secrets that show themselves, a log that follows.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("script");
  const status = document.getElementById("said");
  const say = (text) => { if (status) { status.textContent = ""; status.textContent = text; } };

  const copied = (button, ok) => {
    const text = button.querySelector("[data-text]") || button;
    const before = button.dataset.before || (button.dataset.before = text.textContent);
    const remote = button.dataset.copyFrom || button.dataset.copyAnswer;
    text.textContent = ok ? "Copied" : remote ? "Not copied" : "Press Ctrl+C";
    const name = button.getAttribute("aria-label").replace("Copy: ", "");
    say(ok ? `${name} was copied.` : "Nothing was copied. Load the page again.");
    clearTimeout(button.timer);
    button.timer = setTimeout(() => { text.textContent = before; }, 2000);
  };
  // `source` is a text, or the promise of one.
  const copy = async (source) => {
    if (navigator.clipboard && window.ClipboardItem) {
      // Some browsers take nothing that comes after the click, but its promise.
      const blob = Promise.resolve(source).then((text) => new Blob([text], { type: "text/plain" }));
      return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    }
    // Plain HTTP has no clipboard; an invisible field does.
    const area = document.createElement("textarea");
    area.value = await source;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const ok = document.execCommand("copy");
    area.remove();
    if (!ok) throw new Error("refused");
  };
  const fetched = async (address, options) => {
    const answer = await fetch(address, { redirect: "error", ...options });
    if (!answer.ok) throw new Error(answer.status);
    return answer.text();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy], button[data-copy-of], button[data-copy-from], button[data-copy-answer]");
    if (button) {
      const of = button.dataset.copyOf && document.getElementById(button.dataset.copyOf);
      const { copyFrom: from, copyAnswer: answer } = button.dataset;
      const form = answer && { method: "POST", body: new URLSearchParams(new FormData(button.form)) };
      const text = from || answer ? fetched(from || answer, form) : of ? (of.value ?? of.textContent) : button.dataset.copy;
      copy(text).then(() => copied(button, true), () => { if (of && of.select) of.select(); copied(button, false); });
      return;
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (location.hash === "#nav") location.hash = "";
  });

  const long = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const localize = (within) => {
    for (const time of within.querySelectorAll("time[datetime]")) {
      const date = new Date(time.dateTime);
      if (!isNaN(date)) time.textContent = (time.dataset.form === "date" ? short : long).format(date);
    }
  };
  localize(document);

  // A form that would lose what was typed asks first.
  for (const form of document.querySelectorAll("form[data-careful]")) {
    let changed = false;
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", () => { changed = false; });
    addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  }
  // Files go into the field above: certificates one after the other as PEM, any other text in place of what is there.
  const armoured = (bytes) => {
    const lines = btoa(String.fromCharCode(...bytes)).replace(/.{64}(?=.)/g, "$&\n");
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----`;
  };
  for (const input of document.querySelectorAll("input[type=file][data-into]")) {
    input.addEventListener("change", async () => {
      const field = document.getElementById(input.dataset.into);
      for (const file of input.files) {
        const bytes = new Uint8Array(await file.arrayBuffer());
        const is_der = bytes[0] === 0x30 && bytes[1] > 0x80;
        const text = is_der ? armoured(bytes) : new TextDecoder().decode(bytes).trim();
        const before = text.startsWith("-----BEGIN") ? field.value.trim() : "";
        field.value = before ? `${before}\n${text}` : text;
      }
      say(input.files.length === 1 ? "The file was read." : "The files were read.");
      input.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  for (const choice of document.querySelectorAll("select[data-goes]")) {
    choice.addEventListener("change", () => choice.form.requestSubmit());
  }

  // The log that follows: new rows come as the same HTML that the page has.
  const tail = document.querySelector("[data-tail]");
  if (tail) {
    const toggle = document.querySelector("[data-tail-toggle]");
    let on = false;
    const step = async () => {
      if (!on) return;
      try {
        const first = tail.querySelector("tr[data-id]");
        const address = new URL(tail.dataset.tail, location);
        if (first) address.searchParams.set("from", first.dataset.id);
        const answer = await fetch(address, { headers: { accept: "text/html" }, redirect: "error" });
        if (!answer.ok) throw new Error(answer.status);
        const holder = document.createElement("template");
        holder.innerHTML = await answer.text();
        // The answer reaches a little back, so that an entry that was written late is not missed.
        for (const row of holder.content.querySelectorAll("tr[data-id]")) {
          if (tail.querySelector(`tr[data-id="${row.dataset.id}"]`)) row.remove();
        }
        const rows = holder.content.querySelectorAll("tr[data-id]");
        if (rows.length) {
          localize(holder.content);
          tail.prepend(holder.content);
          while (tail.rows.length > 200) tail.deleteRow(-1);
          say(rows.length === 1 ? "One new entry." : `${rows.length} new entries.`);
        }
      } catch {
        on = false;
        show();
        say("Following stopped: the server did not answer.");
        return;
      }
      setTimeout(step, 2000);
    };
    const show = () => {
      toggle.setAttribute("aria-pressed", on);
      toggle.querySelector("[data-text]").textContent = on ? "Stop following" : "Follow live";
    };
    toggle.addEventListener("click", () => { on = !on; show(); step(); });
  }
})();
