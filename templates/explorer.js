// The explorer: layer statistics and histograms of a study at every probe. The page is complete without it.
(() => {
  "use strict";
  const root = document.getElementById("explorer");
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const svgSpace = "http://www.w3.org/2000/svg";
  const width = 420, height = 260, left = 52, right = 12, top = 10, bottom = 40;
  const steps = [...new Set(data.series.flatMap((one) => one.steps))].sort((a, b) => a - b);
  const depth = Math.max(...data.series.map((one) => one.layers));
  const sameDepth = data.series.every((one) => one.layers === depth);
  const state = { shown: data.series.map((one) => one.shown), step: 0, timer: 0 };

  const element = (parent, name, attributes = {}, text = "") => {
    const made = parent.namespaceURI === svgSpace || name === "svg"
      ? document.createElementNS(svgSpace, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  };

  // The words of the page's language; English needs none.
  const say = (text, value = "") => ((data.words || {})[text] || text).replace("{value}", value);
  const decimal = (text) => (data.decimal ? text.replace(".", data.decimal) : text);

  const short = (value) => {
    if (value === null || value === undefined) return "–";
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e-3 && size < 1e5) return decimal(String(Number(value.toPrecision(3))));
    const [digits, power] = value.toExponential(1).split("e");
    const raised = [...String(Number(power))].map((one) => "⁰¹²³⁴⁵⁶⁷⁸⁹"["0123456789".indexOf(one)] || "⁻").join("");
    return Number(digits) === 1 ? `10${raised}` : `${decimal(String(Number(digits)))}·10${raised}`;
  };

  const layerName = (layer) => (sameDepth && layer === depth ? say("output") : String(layer));
  const chosen = () => data.series.map((one, index) => ({ ...one, index })).filter((one) => state.shown[one.index]);
  // A variant whose training has ended, or whose next probe is later, shows its last probe until then.
  const probeAt = (one, step) => one.steps.reduce((last, at, index) => (at <= step ? index : last), 0);
  const line = (one) => ({ class: "line", stroke: `var(--f-${one.colour})`, "stroke-dasharray": one.pattern });

  const ticksOf = (low, high, log) => {
    if (log) {
      const first = Math.ceil(low - 1e-9), last = Math.floor(high + 1e-9), stride = Math.ceil((last - first + 1) / 6);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => first + k).filter((one) => (one - first) % stride === 0);
    }
    const raw = (high - low) / 4, unit = 10 ** Math.floor(Math.log10(raw));
    const stride = [1, 2, 5, 10].map((one) => one * unit).find((one) => one >= raw);
    const found = [];
    for (let one = Math.ceil(low / stride) * stride; one <= high + stride * 1e-6; one += stride) found.push(one);
    return found;
  };

  // The axis stays the same at all probes, except for outliers, such as those of a run that diverges.
  const rangeOf = (statistic, series, log, step) => {
    if (statistic.share) return [0, 1];
    const usable = (all) => all.filter((one) => one !== null && (!log || one > 0)).map((one) => (log ? Math.log10(one) : one));
    const all = usable(series.flatMap((one) => (one.values[statistic.name] || []).flat())).sort((a, b) => a - b);
    if (!all.length) return [0, 1];
    const now = usable(series.flatMap((one) => (one.values[statistic.name] || [])[probeAt(one, step)] || []));
    const low = Math.min(all[Math.floor(0.05 * (all.length - 1))], ...now);
    const high = Math.max(all[Math.ceil(0.95 * (all.length - 1))], ...now);
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    return [low >= 0 && !log && low < high / 2 ? 0 : low - room, high + room];
  };

  const frame = (name, label, xLabel) => {
    const holder = part(name);
    holder.replaceChildren();
    const svg = element(holder, "svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    element(svg, "path", { class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}` });
    element(svg, "text", { class: "name", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, xLabel);
    return svg;
  };

  const drawCurves = (statistic, series, step) => {
    const log = part("log").checked && !statistic.share;
    const [low, high] = rangeOf(statistic, series, log, step);
    const x = (layer) => left + 14 + (depth > 1 ? (layer - 1) / (depth - 1) : 0.5) * (width - left - right - 28);
    const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - bottom - top - 6);
    const svg = frame("curves", `${statistic.title} ${say("by layer at step {value}; the values are in the table below", step)}`, say("layer"));
    for (const tick of ticksOf(low, high, log)) {
      element(svg, "path", { class: "grid", d: `M${left} ${y(tick)}H${width - right}` });
      element(svg, "text", { class: "tick", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, short(log ? 10 ** tick : tick));
    }
    const stride = Math.ceil(depth / 12);
    for (let layer = 1; layer <= depth; layer += 1) {
      if ((layer - 1) % stride && layer < depth) continue;
      element(svg, "text", { class: "tick", x: x(layer), y: height - bottom + 16, "text-anchor": "middle" }, layerName(layer));
    }
    for (const one of series) {
      const values = (one.values[statistic.name] || [])[probeAt(one, step)] || [];
      let path = "", open = false;
      values.forEach((value, index) => {
        const drawn = value !== null && (!log || value > 0);
        if (drawn) path += `${open ? "L" : "M"}${x(index + 1).toFixed(1)} ${y(log ? Math.log10(value) : value).toFixed(1)}`;
        open = drawn;
      });
      element(svg, "path", { ...line(one), d: path || "M0 0" });
      values.forEach((value, index) => {
        if (value === null || (log && value <= 0)) return;
        element(svg, "circle", { class: "dot", fill: `var(--f-${one.colour})`, cx: x(index + 1), cy: y(log ? Math.log10(value) : value), r: 2.5 });
      });
    }
  };

  const drawHistograms = (series, step) => {
    const kind = part("kind").value, layer = Number(part("layer").value);
    const able = series.filter((one) => one.histograms[kind] && layer <= one.layers);
    const what = say(kind === "activation" ? "activation" : "log10 of the size of the gradient");
    const svg = frame("histograms", `${say("Histogram of layer {value}", layerName(layer))}, ${say("step {value}", step)}`, what);
    const ends = able.map((one) => one.histograms[kind].ends[layer - 1]);
    const low = Math.min(...ends.map((one) => one[0])), high = Math.max(...ends.map((one) => one[1]));
    if (!able.length || !(high > low)) {
      element(svg, "text", { class: "name", x: width / 2, y: height / 2, "text-anchor": "middle" }, say("no histogram of this layer"));
      return;
    }
    const x = (value) => left + ((value - low) / (high - low)) * (width - left - right);
    for (const tick of ticksOf(low, high, false)) {
      element(svg, "text", { class: "tick", x: x(tick), y: height - bottom + 16, "text-anchor": "middle" }, short(tick));
    }
    element(svg, "text", { class: "tick", x: left - 6, y: top + 10, "text-anchor": "end" }, `${part("root").checked ? "√" : ""}${say("share")}`);
    for (const one of able) {
      const [from, to] = one.histograms[kind].ends[layer - 1];
      const bins = [...one.histograms[kind].bins[probeAt(one, step)][layer - 1]].map((sign) => data.levels.indexOf(sign));
      const base = height - bottom, full = height - bottom - top - 6, most = data.levels.length - 1;
      let path = `M${x(from).toFixed(1)} ${base}`;
      bins.forEach((level, index) => {
        const share = part("root").checked ? Math.sqrt(level / most) : level / most;
        const at = base - share * full;
        const end = from + ((to - from) * (index + 1)) / bins.length;
        path += `V${at.toFixed(1)}H${x(end).toFixed(1)}`;
      });
      element(svg, "path", { ...line(one), class: "line step", d: `${path}V${base}` });
    }
  };

  const drawTable = (statistic, series, step) => {
    const table = part("table");
    table.replaceChildren();
    element(table, "caption", {}, `${statistic.title}, ${say("step {value}", step)}`);
    const head = element(element(table, "thead"), "tr");
    element(head, "th", { scope: "col" }, say("variant"));
    for (let layer = 1; layer <= depth; layer += 1) element(head, "th", { scope: "col" }, layerName(layer));
    const body = element(table, "tbody");
    for (const one of series) {
      const row = element(body, "tr");
      element(row, "th", { scope: "row" }, one.label);
      const values = (one.values[statistic.name] || [])[probeAt(one, step)] || [];
      for (let index = 0; index < depth; index += 1) element(row, "td", {}, short(values[index]));
    }
  };

  const draw = () => {
    const statistic = data.statistics.find((one) => one.name === part("statistic").value);
    const series = chosen(), step = steps[state.step];
    part("step").value = String(state.step);
    part("step").setAttribute("aria-valuetext", say("step {value}", step));
    part("at").textContent = step === 0 ? say("before training") : say("step {value}", step.toLocaleString(document.documentElement.lang || "en"));
    part("log").disabled = statistic.share;
    drawCurves(statistic, series, step);
    drawHistograms(series, step);
    drawTable(statistic, series, step);
  };

  const pause = () => {
    clearInterval(state.timer);
    state.timer = 0;
    part("play").textContent = say("Play");
  };

  const play = () => {
    if (state.timer) return pause();
    if (state.step === steps.length - 1) state.step = 0;
    part("play").textContent = say("Pause");
    state.timer = setInterval(() => {
      state.step += 1;
      draw();
      if (state.step >= steps.length - 1) pause();
    }, 600);
    return draw();
  };

  const option = (name, value, text) => element(part(name), "option", { value }, text);
  data.statistics.forEach((one) => option("statistic", one.name, one.title));
  const usual = ["activation_std", "gradient_std"].find((name) => data.statistics.some((one) => one.name === name));
  if (usual) part("statistic").value = usual;
  for (let layer = 1; layer <= depth; layer += 1) option("layer", String(layer), layerName(layer));
  data.series.forEach((one, index) => {
    const label = element(part("variants"), "label");
    const box = element(label, "input", { type: "checkbox" });
    box.checked = state.shown[index];
    const swatch = element(label, "svg", { viewBox: "0 0 24 8", width: 24, height: 8, "aria-hidden": "true" });
    element(swatch, "path", { ...line(one), d: "M0 4H24" });
    element(label, "span", {}, one.label);
    box.addEventListener("change", () => { state.shown[index] = box.checked; draw(); });
  });
  const positive = (name) => data.series.some((one) => {
    const all = (one.values[name] || []).flat().filter((value) => value !== null);
    const sizes = all.filter((value) => value > 0);
    return sizes.length > 0 && all.every((value) => value >= 0) && Math.max(...sizes) > 100 * Math.min(...sizes);
  });
  const chooseScale = () => { part("log").checked = positive(part("statistic").value); };
  part("statistic").addEventListener("change", () => { chooseScale(); draw(); });
  for (const name of ["kind", "layer", "log", "root"]) part(name).addEventListener("change", draw);
  part("step").max = String(steps.length - 1);
  part("step").addEventListener("input", () => { pause(); state.step = Number(part("step").value); draw(); });
  part("play").addEventListener("click", play);
  part("time").hidden = steps.length < 2;
  chooseScale();
  root.hidden = false;
  draw();
})();
