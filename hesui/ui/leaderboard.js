// The leaderboard in the browser: sorting, searching and choosing columns, kept while the table is drawn anew.
(() => {
  const chosen = new Set();
  const state = { sort: "", down: true, find: "" };
  const style = document.createElement("style");
  let table = null;
  let usual = [];

  const stored = () => { try { return localStorage.getItem("hesui.columns"); } catch { return null; } };
  const store = () => { try { localStorage.setItem("hesui.columns", [...chosen].join(" ")); } catch { /* private mode */ } };

  function hide(boxes) {
    const hidden = boxes.map((box) => box.value).filter((name) => !chosen.has(name));
    style.textContent = hidden.map((name) => `#lb-table [data-col="${name}"]`).join(",") + "{display:none}";
    if (!hidden.length) style.textContent = "";
    boxes.forEach((box) => { box.checked = chosen.has(box.value); });
  }

  const value = (row) => {
    const told = row.querySelector(`[data-col="${state.sort}"]`)?.dataset.v;
    return told === undefined ? null : Number(told);
  };

  // Rows without a value stand last, whatever the order; without a column the server's order stands.
  function ordered(rows) {
    if (!state.sort) return rows.sort((one, other) => one.dataset.at - other.dataset.at);
    return rows.sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      if (a === null || b === null) return (a === null) - (b === null);
      return state.down ? b - a : a - b;
    });
  }

  function apply() {
    const body = table?.querySelector(".lb-rows");
    if (!body) return;
    const rows = [...body.rows];
    rows.forEach((row, at) => { row.dataset.at ??= at; });
    const sorted = ordered([...rows]);
    if (sorted.some((row, at) => row !== body.rows[at])) body.append(...sorted);
    for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(state.find);
    for (const button of table.querySelectorAll("[data-sort]")) {
      const mine = button.dataset.sort === state.sort && state.sort !== "";
      button.closest("th").setAttribute("aria-sort", !mine ? "none" : state.down ? "descending" : "ascending");
    }
  }

  function sort(button) {
    const name = button.dataset.sort;
    const better = button.dataset.better !== "low" && button.dataset.better !== "zero"; // the best comes first
    state.down = name === state.sort ? !state.down : better;
    state.sort = name;
    apply();
  }

  window.hesui.leaderboard = {
    table(element, trigger) {
      table = element;
      element.addEventListener("click", (event) => {
        const head = event.target.closest?.("[data-sort]");
        if (head) return sort(head);
        const cell = event.target.closest?.("[data-cell]");
        if (cell) trigger("select", { ...cell.dataset });
      });
      const watch = new MutationObserver(() => {
        apply();
        watch.takeRecords(); // what sorting moved is no news
      });
      watch.observe(element, { childList: true, subtree: true });
      apply();
    },
    tools(element) {
      const boxes = [...element.querySelectorAll("input[type=checkbox]")];
      usual = boxes.filter((box) => "usual" in box.dataset).map((box) => box.value);
      const known = stored()?.split(" ").filter((name) => boxes.some((box) => box.value === name));
      (known?.length ? known : usual).forEach((name) => chosen.add(name));
      document.head.append(style);
      hide(boxes);
      element.addEventListener("change", (event) => {
        if (event.target.type !== "checkbox") return;
        chosen[event.target.checked ? "add" : "delete"](event.target.value);
        hide(boxes);
        store();
      });
      element.addEventListener("click", (event) => {
        if (!event.target.closest?.("button[data-usual]")) return;
        chosen.clear();
        usual.forEach((name) => chosen.add(name));
        hide(boxes);
        store();
      });
      element.addEventListener("input", (event) => {
        if (event.target.type !== "search") return;
        state.find = event.target.value.trim().toLowerCase();
        apply();
      });
    },
    show: (id) => document.getElementById(id)?.scrollIntoView({ behavior: "smooth", block: "start" }),
  };
})();
