"use strict";
(() => {
  const data = JSON.parse(document.getElementById("numbers").textContent);
  const root = document.documentElement;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const make = (name, text = "") => Object.assign(document.createElement(name), { textContent: text });

  // Numbers, as they are written at a moment of training.
  let moment = 0;
  const valueOf = (keys) => keys.split("*").map((key) => (data.series[key] ?? [])[moment] ?? null)
    .reduce((product, factor) => (product === null || factor === null ? null : product * factor));
  const written = (number, digits) => {
    if (number === null) return "–";
    const [mantissa, power] = Number(number.toPrecision(digits)).toString().split("e");
    const sign = (text) => text.replace("-", "\u2212");
    return sign(mantissa) + (power ? "·10" + [...String(Number(power))].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("") : "");
  };
  const write = (inside = document) => {
    for (const place of all("[data-v]", inside)) {
      if (!place.dataset.v) continue;
      const text = written(valueOf(place.dataset.v), Number(place.dataset.digits ?? 4));
      place.textContent = place.dataset.factor && text.startsWith("\u2212") ? `(${text})` : text;
    }
  };

  // What lights up together: parts of the picture by their keys, text and code by their tokens.
  const index = new Map();
  const add = (token, element) => index.set(token, [...(index.get(token) ?? []), element]);
  for (const element of all("[data-t]")) for (const token of element.dataset.t.split(" ")) add(token, element);
  for (const element of all("[data-key]")) add(element.dataset.key, element);
  let lit = [];
  let chosen = null;
  const light = (tokens) => {
    for (const element of lit) element.classList.remove("lit");
    lit = tokens.flatMap((token) => index.get(token) ?? []);
    for (const element of lit) element.classList.add("lit");
  };
  // All that the derivative by a part is made of: its own tokens, and those of every step from it to the loss.
  const path = (key) => {
    const tokens = new Set(data.parts[key].lights);
    const steps = new Set(data.parts[key].steps);
    for (const step of steps) {
      data.steps[step][0].forEach((token) => tokens.add(token));
      data.steps[step][1].forEach((next) => steps.add(next));
    }
    return [...tokens];
  };
  const rest = () => light(chosen ? path(chosen) : []);
  for (const element of all("[data-t]")) {
    const tokens = element.dataset.t.split(" ");
    element.addEventListener("pointerenter", () => light([...tokens, ...tokens.flatMap((token) => data.tokens[token] ?? [])]));
    element.addEventListener("pointerleave", rest);
  }

  // The part of the picture that is chosen, with its derivative as products of factors.
  const panel = document.getElementById("chosen");
  const copied = (id) => document.getElementById(id).content.cloneNode(true);
  const product = (keys) => {
    const box = Object.assign(make("div"), { className: "product" });
    const column = (above, below, key = "", factor = "") => {
      const number = make("span", below);
      if (key) Object.assign(number.dataset, { v: key, digits: 4, factor });
      box.append(make("span"), number);
      number.previousSibling.append(above);
    };
    keys.forEach((key, at) => {
      if (at) column("·", "·");
      column(copied(key), "", key, at ? "1" : "");
    });
    if (keys.length > 1) {
      column("", "=");
      column("", "", keys.join("*"));
    }
    return box;
  };
  const show = () => {
    panel.hidden = !chosen;
    if (!chosen) return;
    panel.replaceChildren(copied("part-" + chosen), ...data.parts[chosen].chains.map(product));
    write(panel);
  };
  const choose = (key) => {
    for (const element of all(".chosen")) { element.classList.remove("chosen"); element.setAttribute("aria-pressed", "false"); }
    chosen = key === chosen ? null : key;
    if (chosen) for (const element of index.get(chosen)) { element.classList.add("chosen"); element.setAttribute("aria-pressed", "true"); }
    rest();
    show();
  };
  const parts = all(".network .part");
  document.querySelector(".hint").hidden = false;
  document.querySelector(".network").classList.add("live");
  parts.forEach((part, at) => {
    const { key } = part.dataset;
    part.setAttribute("role", "button");
    part.setAttribute("aria-pressed", "false");
    part.setAttribute("tabindex", at ? "-1" : "0");
    part.addEventListener("pointerenter", () => light(path(key)));
    part.addEventListener("pointerleave", rest);
    part.addEventListener("focus", () => light(path(key)));
    part.addEventListener("blur", rest);
    part.addEventListener("click", () => choose(key));
    part.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") choose(key);
      else if (event.key === "Escape") { if (chosen) choose(chosen); }
      else if (step) {
        const next = parts[(at + step + parts.length) % parts.length];
        for (const other of parts) other.setAttribute("tabindex", other === next ? "0" : "-1");
        next.focus();
      } else return;
      event.preventDefault();
    });
  });

  // Training: the slider moves the numbers, the strength of the lines, and the mark on the curve.
  const slider = document.getElementById("moment");
  const strongest = new Map(all("[data-strength]").map((element) => [element, Math.max(...(data.series[element.dataset.strength] ?? []).map(Math.abs))]));
  const largest = Math.max(...[...strongest].filter(([element]) => element.querySelector(".line")).map(([, most]) => most), 1e-12);
  const draw = () => {
    write();
    for (const element of strongest.keys()) {
      const value = valueOf(element.dataset.strength) ?? 0;
      const line = element.querySelector(".line");
      if (!line) continue;
      element.classList.toggle("plus", value > 0);
      element.classList.toggle("minus", value < 0);
      line.style.strokeWidth = 0.8 + 3.4 * Math.abs(value) / largest;
    }
    if (!slider) return;
    const after = data.moments[moment];
    const said = after ? `After ${after.toLocaleString("en").replaceAll(",", "\u2009")} update${after === 1 ? "" : "s"}` : "Before training";
    document.getElementById("after").textContent = said;
    slider.setAttribute("aria-valuetext", said);
    const x = 400 * moment / (data.moments.length - 1);
    for (const end of ["x1", "x2"]) document.querySelector(".curve .now").setAttribute(end, x);
  };
  if (slider) {
    const play = document.getElementById("play");
    slider.hidden = play.hidden = false;
    const go = (to) => { moment = to; slider.value = to; draw(); };
    slider.addEventListener("input", () => go(Number(slider.value)));
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; };
    play.addEventListener("click", () => {
      if (timer) return stop();
      if (moment === data.moments.length - 1) go(0);
      play.textContent = "Stop";
      timer = setInterval(() => { if (moment === data.moments.length - 1) stop(); else go(moment + 1); }, 160);
    });
  }
  draw();

  // Light and dark: the system's choice, until somebody chooses.
  const theme = document.getElementById("theme");
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  try { if (localStorage.theme) root.dataset.theme = localStorage.theme; } catch { /* no storage for files */ }
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.theme = root.dataset.theme; } catch { /* no storage for files */ }
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();

  // What is wider than its place can be scrolled by keyboard too; that is seen when it comes into sight.
  const reach = (box) => {
    if (box.scrollWidth > box.clientWidth + 1 || box.matches("aside, .figure") && box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const watched = new ResizeObserver((seen) => seen.forEach(({ target }) => reach(target)));
  const sight = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting) watched.observe(target);
      else watched.unobserve(target);
    }
  }, { rootMargin: "50%" });
  for (const box of all(".display, main p, main h3, .pair, .scroll, .code, .figure, aside, #chosen")) sight.observe(box);
})();
