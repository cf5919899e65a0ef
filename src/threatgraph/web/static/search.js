// Searches the records of a site of files: loads the index when the first words are given.
"use strict";

(() => {
  const form = document.querySelector("form[data-index]");
  const status = document.getElementById("search-status");
  const results = document.getElementById("search-results");
  const MOST = 50;
  const PASSAGE = 240;
  const WHOLE = 1, BEGINNING = 0.5; // how well a word matches
  const WEIGHTS = [8, 6, 4, 1]; // of the code, the label, other names and the text
  let loading;

  const words = (text) =>
    text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];

  // Each record of the index is [path, position of its kind, code, label, other names, text].
  const read = (index) => ({
    kinds: index.kinds,
    records: index.records.map(([path, kind, code, label, names, text]) => ({
      path, kind: index.kinds[kind], code, label, text,
      exact: [code, label].map((name) => words(name).join(" ")),
      fields: [code, label, names, text].map((field) => new Set(words(field))),
    })),
  });

  const load = () => {
    loading = loading || fetch(form.dataset.index).then((response) => {
      if (!response.ok) throw new Error(String(response.status));
      return response.json();
    }).then(read);
    return loading;
  };

  const quality = (field, word) => {
    if (field.has(word)) return WHOLE;
    for (const one of field) if (one.startsWith(word)) return BEGINNING;
    return 0;
  };

  const search = (records, text) => {
    const wanted = [...new Set(words(text))];
    const found = records.map((record) => ({
      record,
      scores: wanted.map((word) => Math.max(...record.fields.map((field, i) => WEIGHTS[i] * quality(field, word)))),
    }));
    // A word that few records have says more about them (inverse document frequency).
    const rarity = wanted.map((_, i) => {
      const count = found.filter(({ scores }) => scores[i] > 0).length;
      return Math.log(1 + records.length / (1 + count));
    });
    for (const one of found) {
      one.matched = one.scores.filter((score) => score > 0).length;
      one.score = one.scores.reduce((sum, score, i) => sum + score * rarity[i], 0);
      if (one.record.exact.includes(words(text).join(" "))) one.score += 1000;
    }
    const complete = found.filter((one) => wanted.length && one.matched === wanted.length);
    const best = complete.length ? complete : found.filter((one) => one.matched);
    best.sort((a, b) => b.score - a.score || (a.record.path < b.record.path ? -1 : 1));
    return { best, isPartial: !complete.length && best.length > 0 };
  };

  const element = (name, text, css) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (css) made.className = css;
    return made;
  };

  const item = ({ path, kind, code, label, text }) => {
    const line = element("li"), strong = element("strong"), link = element("a");
    link.href = "./" + path.split("/").map(encodeURIComponent).join("/") + form.dataset.suffix;
    link.append(element("bdi", label));
    strong.append(link);
    line.append(strong);
    if (code) line.append(" ", element("span", code, "code"));
    line.append(" ", element("span", kind.title, "details"));
    if (text) {
      const passage = element("p", text.length > PASSAGE ? text.slice(0, PASSAGE) + "…" : text);
      passage.dir = "auto";
      line.append(passage);
    }
    return line;
  };

  const show = async () => {
    const text = form.elements.q.value, kind = form.elements.kind.value;
    if (!words(text).length) {
      status.textContent = "";
      results.replaceChildren();
      return;
    }
    let index;
    try {
      index = await load();
    } catch (error) {
      loading = undefined;
      status.textContent = "The search index cannot be loaded. The lists below have all records.";
      return;
    }
    if (text !== form.elements.q.value) return; // more was typed in the meantime
    const { best, isPartial } = search(index.records.filter((one) => !kind || one.kind.name === kind), text);
    const shown = best.slice(0, MOST);
    const most = best.length > shown.length ? ` The first ${MOST} are shown.` : "";
    const partial = isPartial ? " No record has all of the words." : "";
    status.textContent = `${best.length} result${best.length === 1 ? "" : "s"}.${partial}${most}`;
    results.replaceChildren(...shown.map(({ record }) => item(record)));
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", "?" + new URLSearchParams(new FormData(form)));
    show();
  });
  form.addEventListener("input", show);
  const given = new URLSearchParams(location.search);
  form.elements.q.value = given.get("q") || "";
  form.elements.kind.value = given.get("kind") || "";
  if (form.elements.kind.selectedIndex < 0) form.elements.kind.value = "";
  show();
})();
