// What the browser does by itself: language, light and dark, keys, copying, the link. Sends nothing anywhere.
(() => {
  const root = document.documentElement;
  const stored = (name) => { try { return localStorage.getItem("hesui." + name); } catch { return null; } };
  const store = (name, value) => { try { localStorage.setItem("hesui." + name, value); } catch { /* private mode */ } };
  const query = new URLSearchParams(location.search);
  const known = (lang) => (["zh", "en"].includes(lang) ? lang : null);
  if (known(query.get("lang"))) store("lang", query.get("lang"));
  let lang = known(query.get("lang")) || known(stored("lang")) || (/^zh\b/i.test(navigator.language) ? "zh" : "en");

  const running = () => document.querySelector(".pane.running") !== null;
  // Only what can be seen is pressed: on another tab the keys mean something else.
  const press = (id) => {
    const button = document.getElementById(id);
    if (button?.getClientRects().length) button.click();
  };

  function show(next) {
    lang = next;
    root.lang = lang === "zh" ? "zh-CN" : "en";
    root.classList.toggle("zh", lang === "zh");
    root.classList.toggle("en", lang === "en");
  }
  show(lang);
  // Gradio asks the browser for the language of its own few words, such as those of a lost connection.
  Object.defineProperty(navigator, "language", { get: () => root.lang, configurable: true });

  function dark(on) {
    document.body.classList.toggle("dark", on);
    root.style.colorScheme = on ? "dark" : "light";
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Plain http on another host has no clipboard: the old way still works there.
      const area = Object.assign(document.createElement("textarea"), { value: text });
      area.style.position = "fixed";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  function flash(button) {
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    copy(button.closest(".pane").querySelector(".answer").textContent).then(() => flash(button));
  });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      // The box tells the server what it holds a moment after the last key.
      setTimeout(() => press("go"), 60);
    } else if (event.key === "Escape" && running()) {
      press("stop");
    }
  }, true);

  window.hesui = {
    // Called once the page stands; returns the widgets' texts.
    ready() {
      show(lang);
      const choice = query.get("__theme") || stored("theme");
      dark(choice ? choice === "dark" : document.body.classList.contains("dark"));
      for (const [id, role] of [["live", "status"], ["notice", "status"]]) {
        const place = document.getElementById(id);
        place?.setAttribute("role", role);
        place?.setAttribute("aria-live", "polite");
      }
      return window.hesuiLabels[lang];
    },
    switchLanguage() {
      show(lang === "zh" ? "en" : "zh");
      store("lang", lang);
      return window.hesuiLabels[lang];
    },
    switchTheme() {
      const on = !document.body.classList.contains("dark");
      dark(on);
      store("theme", on ? "dark" : "light");
    },
    newSeed: (seed) => (running() ? seed : Math.floor(Math.random() * 2 ** 31)),
    pressGo: () => press("go"),
    // On a phone the panes lie below the button.
    showPanes() {
      const panes = document.getElementById("panes");
      if (panes && panes.getBoundingClientRect().top > 0.6 * innerHeight) panes.scrollIntoView({ behavior: "smooth" });
    },
    // Put the form's query into the address bar, so that a reload restores it.
    address(link) {
      if (link) history.replaceState(null, "", "?" + link);
    },
    // Tell the server the data-pick or data-page of what was clicked in our own HTML.
    picked(event, trigger) {
      const hit = event.target.closest?.("[data-pick], [data-page]");
      if (!hit || hit.disabled) return;
      trigger("select", { ...hit.dataset });
      // On a phone the editor lies below the list, and a page's first row above its last button.
      const to = hit.dataset.pick ? document.getElementById("seed-title") : event.currentTarget;
      const top = to?.getBoundingClientRect().top ?? 0;
      if (top < 0 || top > 0.8 * innerHeight) to.scrollIntoView({ behavior: "smooth" });
    },
    // Ask again and again while the element can be seen: each second while a run works, else now and then.
    poll(element, ask) {
      let last = 0;
      const timer = setInterval(() => {
        if (!element.isConnected) return clearInterval(timer);
        const pace = element.querySelector("[data-working]") ? 1000 : 10000;
        if (document.hidden || !element.getClientRects().length || Date.now() - last < pace) return;
        last = Date.now();
        ask();
      }, 250);
    },
    shareLink(link) {
      if (!link) return;
      this.address(link);
      copy(location.href);
    },
  };
})();
