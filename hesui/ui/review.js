// The reviewer's desk in the browser: shows the next item at once, keeps what is not stored yet, and stores it in order.
// Nothing is lost by a reload or a lost connection: decisions wait in the outbox, edits in drafts, both in localStorage.
(() => {
  const KEEP = "hesui.review.";
  const read = (name, otherwise) => {
    try { return JSON.parse(localStorage.getItem(KEEP + name)) ?? otherwise; } catch { return otherwise; }
  };
  const write = (name, value) => {
    try {
      if (value === null) localStorage.removeItem(KEEP + name);
      else localStorage.setItem(KEEP + name, JSON.stringify(value));
    } catch { /* private mode: kept in memory only */ }
  };
  const ACTIONS = ["accept", "reject", "edit", "label", "skip"];
  const BEAT = 60_000; // milliseconds between two signs of life
  const IDLE = 600_000; // without a key or a click for so long, leases are left to run out

  let root = null; // the desk's element, as Gradio last mounted it
  let server = null;
  let me = read("name", "");
  let queue = []; // items from the server, the first on the screen
  let outbox = read("outbox", []); // decisions that are not stored yet, the oldest first
  let sending = false;
  let filters = { task: "", language: "" };
  let generation = 0; // of the choice of items: answers to an earlier choice are dropped
  let mode = "item"; // item, edit, reasons
  let peeked = false;
  let spent = 0; // milliseconds that the item on the screen has been looked at
  let since = null; // when that last began to run
  let active = Date.now();
  let session = (() => {
    try { return JSON.parse(sessionStorage.getItem(KEEP + "session")) ?? fresh(); } catch { return fresh(); }
  })();

  function fresh() { return { counts: {}, seconds: [] }; }
  const find = (selector) => root.querySelector(selector);
  const says = (name) => root.querySelector(".rv-texts").content.querySelector(`[data-text="${name}"]`).innerHTML;
  const visible = () => root?.isConnected && root.getClientRects().length > 0;
  const shown = () => queue[0] ?? null;
  const seen = () => queue.map((item) => item.id);
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const midnight = () => new Date().setHours(0, 0, 0, 0) / 1000;
  const about = () => ({ reviewer: me, have: [...new Set([...seen(), ...outbox.map((one) => one.item)])], since: midnight(), ...filters });
  const text = (words) => { const place = document.createElement("span"); place.textContent = words; return place.innerHTML; };

  // Time spent on an item runs only while the page is looked at.
  const run = () => { if (since === null && shown() && !document.hidden && visible()) since = performance.now(); };
  const rest = () => { if (since !== null) { spent += performance.now() - since; since = null; } };

  function state(name) {
    root.dataset.state = name;
    find(".rv-name").hidden = name !== "name";
    find(".rv-side").hidden = find(".rv-dock").hidden = name === "name";
    find(".rv-message").hidden = !["loading", "empty", "trouble"].includes(name);
  }

  function message(name, html) {
    state(name);
    find(".rv-stage").innerHTML = "";
    find(".rv-message").innerHTML = html;
  }

  function toast(html, kind = "") {
    const place = find(".rv-toast");
    place.className = "rv-toast " + kind;
    place.innerHTML = html;
  }

  // The item on the screen

  function show() {
    const item = shown();
    rest();
    spent = 0;
    peeked = false;
    mode = "item";
    find(".rv-hint").hidden = true;
    if (item) {
      state("item");
      find(".rv-stage").innerHTML = item.html;
      showLabels(item);
      const draft = read("draft." + item.id, null);
      if (draft !== null && item.kind === "answer") edit(draft, true);
    }
    layout();
    run();
    if (item && root.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
  }

  function showLabels(item) {
    const place = find(".rv-labels");
    place.replaceChildren(...(item?.labels ?? []).map((label) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.label = label.id;
      button.innerHTML = `<kbd>${text(label.key)}</kbd> ${label.html}`;
      return button;
    }));
  }

  // A field that is no longer shown keeps the keys until the next frame.
  function leaveFields() {
    if (root.contains(document.activeElement) && document.activeElement.matches("input, textarea")) document.activeElement.blur();
  }

  function layout() {
    const item = shown();
    if (mode === "item") leaveFields();
    find(".rv-editor").hidden = mode !== "edit";
    find(".rv-reasons").hidden = mode !== "reasons";
    root.classList.toggle("editing", mode !== "item");
    const label = item?.kind === "label";
    find(".rv-labels").hidden = !label;
    for (const name of ["accept", "reject", "edit"]) find(`.rv-${name}`).hidden = label;
    find('[data-do="hint"]').hidden = !label || !item.suggestion;
    for (const name of ["accept", "reject", "edit", "skip"]) find(`.rv-${name}`).disabled = !item;
    find(".rv-undo").disabled = false;
  }

  function edit(words, restored = false) {
    mode = "edit";
    layout();
    const box = find(".rv-editor textarea");
    box.value = words;
    find(".rv-draft").hidden = !restored;
    box.focus({ preventScroll: true });
    find(".rv-editor").scrollIntoView({ block: "nearest" });
    count();
  }

  let counting = null;
  function count() {
    clearTimeout(counting);
    const item = shown();
    const words = find(".rv-editor textarea").value;
    counting = setTimeout(async () => {
      try {
        const answer = await server.rv_count({ item: item.id, text: words });
        if (shown() !== item || mode !== "edit" || find(".rv-editor textarea").value !== words) return;
        find(".rv-count").innerHTML = answer.html
          ? answer.html + (/rv-measure (?:over|under|near)/.test(answer.html) ? `<p class="rv-out">${says("out_of_band")}</p>` : "")
          : answer.error;
      } catch { find(".rv-count").innerHTML = says("offline"); }
    }, 120);
  }

  function cancel() {
    if (mode === "edit") write("draft." + shown()?.id, null);
    mode = "item";
    layout();
  }

  // Decisions

  function decide(action, extra = {}) {
    const item = shown();
    if (!item) return;
    rest();
    const seconds = Math.round(spent / 10) / 100;
    outbox.push({ item: item.id, key: newKey(), action, seconds, peeked, ...extra });
    write("outbox", outbox);
    write("draft." + item.id, null);
    note(action, seconds);
    queue.shift();
    toast(says("did." + action) + " · " + says("saving"), action);
    if (shown()) show();
    else { message("loading", says("loading")); layout(); }
    send();
  }

  async function send() {
    if (sending || !server || !me) return;
    sending = true;
    try {
      while (outbox.length) {
        const one = outbox[0];
        const asked = generation;
        const answer = await server.rv_decide({ ...about(), ...one });
        if (answer.error && answer.retry) throw new Error("try again");
        outbox.shift();
        write("outbox", outbox);
        if (answer.error) toast(answer.error, "problem");
        else if (!outbox.length) toast(says("did." + answer.action) + " · " + says("saved") + (answer.told ? ` · ${answer.told}` : ""), answer.action);
        if (asked === generation) take(answer);
      }
    } catch {
      toast(says("offline") + ` (${outbox.length})`, "problem");
      setTimeout(send, 3000);
      return;
    } finally {
      sending = false;
    }
    if (queue.length < 2) refill();
  }

  function take(answer) {
    if (answer.progress) find(".rv-progress").innerHTML = answer.progress;
    const waiting = outbox.map((one) => one.item);
    const idle = !shown();
    for (const item of answer.items ?? []) {
      if (!seen().includes(item.id) && !waiting.includes(item.id)) queue.push(item);
    }
    if (idle && shown()) show();
  }

  let asking = false;
  async function refill() {
    if (asking || !server || !me) return;
    asking = true;
    const asked = generation;
    try {
      const answer = await server.rv_open(about());
      if (asked !== generation) return;
      if (answer.error) message("trouble", answer.error);
      else {
        take(answer);
        if (!shown() && !outbox.length) message("empty", empty());
      }
    } catch {
      if (!shown()) message("trouble", says("offline"));
      setTimeout(() => visible() && refill(), 5000);
    } finally {
      asking = false;
      layout();
    }
    if (asked !== generation) refill();
  }

  function empty() {
    const narrowed = filters.task || filters.language;
    return says(narrowed ? "empty.narrowed" : "empty");
  }

  async function undo() {
    if (outbox.length) { // the decision may not be stored yet: first that, then take it back
      await send();
      if (outbox.length) return;
    }
    try {
      const answer = await server.rv_undo({ ...about(), key: newKey() });
      if (answer.error) return toast(answer.error, "problem");
      if (answer.nothing) return toast(answer.nothing);
      find(".rv-progress").innerHTML = answer.progress;
      queue = [answer.back, ...queue.filter((item) => item.id !== answer.back.id)];
      unnote(answer.was.action);
      show();
      toast(says("did.undo"), "undo");
      if (answer.was.action === "edit") edit(answer.was.text);
    } catch { toast(says("offline"), "problem"); }
  }

  async function hint() {
    const item = shown();
    if (!item?.suggestion) return;
    peeked = true;
    try {
      const answer = await server.rv_suggest({ item: item.id });
      if (shown() !== item) return;
      find(".rv-hint").innerHTML = answer.html ?? answer.error;
      find(".rv-hint").hidden = false;
    } catch { toast(says("offline"), "problem"); }
  }

  // What this session brought

  function note(action, seconds) {
    session.counts[action] = (session.counts[action] ?? 0) + 1;
    session.seconds = [...session.seconds, seconds].slice(-200);
    summarise();
  }

  function unnote(action) {
    session.counts[action] = Math.max(0, (session.counts[action] ?? 0) - 1);
    session.seconds.pop();
    summarise();
  }

  function summarise() {
    try { sessionStorage.setItem(KEEP + "session", JSON.stringify(session)); } catch { /* private mode */ }
    const place = find(".rv-summary");
    if (!session.seconds.length) { place.innerHTML = says("nothing_yet"); return; }
    const sorted = [...session.seconds].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    const counts = ACTIONS.filter((name) => session.counts[name])
      .map((name) => `<li class="${name}"><b>${session.counts[name]}</b> ${says("count." + name)}</li>`).join("");
    const last = session.seconds.slice(-24);
    const most = Math.max(...last, 1);
    const bars = last.map((s) => `<i style="--share:${Math.max(4, (100 * s) / most).toFixed(0)}%" title="${s.toFixed(1)} s"></i>`).join("");
    place.innerHTML = `<ul>${counts}</ul><p>${says("median")} <b>${median.toFixed(1)}</b> s</p>` +
      `<div class="rv-streak" aria-hidden="true">${bars}</div><p class="hint">${says("streak")}</p>`;
  }

  // Who reviews

  async function begin() {
    if (!me) {
      state("name");
      try {
        const answer = await server.rv_open({ reviewer: "", since: midnight() });
        if (answer.reviewer) return enter(answer.reviewer, answer); // signed in
        const box = find(".rv-name input");
        if (answer.error) toast(answer.error, "problem");
        else if (!box.value) box.value = answer.suggested;
      } catch { toast(says("offline"), "problem"); }
      return;
    }
    who();
    if (shown()) show();
    else message("loading", says("loading"));
    if (outbox.length) { toast(says("restored"), "undo"); await send(); }
    refill();
  }

  function enter(name, answer) {
    me = name;
    write("name", me);
    who();
    message("loading", says("loading"));
    if (answer) take(answer);
    if (!shown()) refill();
  }

  function who() {
    find(".rv-who").innerHTML = `${says("who")} <b>${text(me)}</b> <button type="button" data-do="rename">${says("rename")}</button>`;
    summarise();
  }

  async function rename() {
    if (outbox.length) return send();
    if (queue.length) server.rv_release({ reviewer: me, have: seen() }).catch(() => {});
    queue = [];
    generation += 1;
    const before = me;
    me = "";
    session = fresh();
    write("name", null);
    state("name");
    find(".rv-stage").innerHTML = "";
    find(".rv-name input").value = before;
    find(".rv-name input").select();
  }

  // Keys and clicks

  const DO = {
    accept: () => decide("accept"),
    reject: () => { mode = "reasons"; layout(); find(".rv-note input").value = ""; find(".rv-reasons").scrollIntoView({ block: "nearest" }); },
    edit: () => edit(read("draft." + shown()?.id, null) ?? shown().text),
    skip: () => decide("skip"),
    undo, hint, cancel, rename,
    save: () => decide("edit", { text: find(".rv-editor textarea").value }),
    help: () => find(".rv-help").showModal(),
  };

  function press(name) {
    if (!(name in DO)) return;
    if (["accept", "reject", "edit", "skip", "save"].includes(name) && !shown()) return;
    if (["accept", "reject", "edit"].includes(name) && shown().kind === "label") return;
    DO[name]();
  }

  function reject(reason) {
    const note = find(".rv-note input");
    if (reason === "other" && !note.value.trim()) {
      note.focus();
      find(".rv-note").classList.add("needed");
      return;
    }
    find(".rv-note").classList.remove("needed");
    decide("reject", { reason, note: note.value });
  }

  function clicked(event) {
    active = Date.now();
    const button = event.target.closest("button");
    if (!button || !root.contains(button)) return;
    if (button.dataset.do) press(button.dataset.do);
    else if (button.dataset.reason) reject(button.dataset.reason);
    else if (button.dataset.label) decide("label", { label: button.dataset.label });
  }

  // A Chinese input method swallows letters: the key's place on the board still tells which it was.
  const letter = (event) => (/^Key[A-Z]$/.test(event.code) ? event.code[3].toLowerCase() : event.key.toLowerCase());
  const digit = (event) => (/^(?:Digit|Numpad)\d$/.test(event.code) && !event.shiftKey ? event.code.at(-1) : event.key);

  function typed(event) {
    if (!visible() || event.isComposing || event.keyCode === 229 || root.dataset.state === "name") return;
    active = Date.now();
    if (find(".rv-help").open) return;
    const field = event.target.closest?.('input, textarea, select, [contenteditable="true"], [role="listbox"]');
    if (field) return inField(event, field);
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (handled(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  function inField(event, field) {
    if (!root.contains(field)) return;
    if (event.key === "Escape") { event.preventDefault(); field.blur(); press("cancel"); }
    if (mode === "edit" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); press("save"); }
    if (mode === "reasons" && event.key === "Enter" && field.value.trim()) { event.preventDefault(); reject("other"); }
  }

  function handled(event) {
    const key = letter(event);
    if (event.key === "Escape" && mode !== "item") { press("cancel"); return true; }
    if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) { press("help"); return true; }
    if (mode === "reasons") {
      const button = find(`.rv-reasons .rv-row button:nth-child(${Number(digit(event)) || 99})`);
      if (button) { reject(button.dataset.reason); return true; }
    }
    if (mode !== "item") return false;
    const label = shown()?.labels?.find((one) => [event.key, digit(event), key].includes(one.key.toLowerCase()));
    if (label) { decide("label", { label: label.id }); return true; }
    const name = { a: "accept", r: "reject", e: "edit", s: "skip", u: "undo", t: "hint" }[key];
    if (name) press(name);
    return Boolean(name);
  }

  async function beat() {
    if (!visible() || document.hidden || !me || !queue.length || Date.now() - active > IDLE) return;
    try {
      const had = seen();
      const answer = await server.rv_beat({ reviewer: me, have: had });
      const gone = had.filter((id) => !(answer.kept ?? had).includes(id));
      if (!gone.length) return;
      const first = shown()?.id;
      queue = queue.filter((item) => !gone.includes(item.id));
      if (gone.includes(first)) { toast(says("lost"), "problem"); if (shown()) show(); else message("loading", says("loading")); }
      refill();
    } catch { /* the next beat tries again */ }
  }

  document.addEventListener("keydown", typed, true);
  document.addEventListener("visibilitychange", () => { if (document.hidden) rest(); else if (visible()) { run(); send(); } });
  window.addEventListener("online", () => send());
  setInterval(beat, BEAT);

  window.hesui.review = {
    // Gradio calls this each time it puts the desk on the page.
    mount(element, calls) {
      const mounted = element.querySelector(".review");
      if (mounted === root) return;
      root = mounted;
      server = calls;
      root.addEventListener("click", clicked);
      find(".rv-name").addEventListener("submit", async (event) => {
        event.preventDefault();
        const name = find(".rv-name input").value.trim() || (await server.rv_open({ reviewer: "" }).catch(() => ({}))).suggested;
        const answer = await server.rv_open({ ...about(), reviewer: name }).catch(() => ({ error: says("offline") }));
        if (answer.error) { find(".rv-name .hint").innerHTML = answer.error; find(".rv-name .hint").classList.add("missing"); }
        else enter(answer.reviewer, answer);
      });
      find(".rv-editor textarea").addEventListener("input", (event) => { write("draft." + shown()?.id, event.target.value); count(); });
      begin();
    },
    shown() { if (visible()) { run(); if (me && !shown()) refill(); } },
    async narrow(task, language) {
      const next = { task: task ?? "", language: language ?? "" };
      if (next.task === filters.task && next.language === filters.language) return;
      filters = next;
      generation += 1;
      if (!root || !me) return;
      const held = seen();
      queue = [];
      rest();
      message("loading", says("loading"));
      layout();
      try { if (held.length) await server.rv_release({ reviewer: me, have: held }); } catch { /* they run out by themselves */ }
      refill();
    },
  };
})();
