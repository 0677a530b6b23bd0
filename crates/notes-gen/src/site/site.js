
"use strict";
(() => {
  // The form is of no use without this script, so only the script makes it visible, before anything is painted. Where the address
  // asks for a filter, the notes wait for it.
  const page = document.documentElement.classList;
  page.add("js");
  page.toggle("wait", location.hash.includes("=") || location.search !== "");

  const FACETS = ["kind", "sig", "area"];
  const short = (count) => count.toLocaleString("en-US");
  const number = (count, noun) => short(count) + " " + noun + (count === 1 ? "" : "s");

  const start = () => {
    const $ = (id) => document.getElementById(id);
    const data = JSON.parse($("_data").textContent);
    const form = $("_filters");
    const main = $("_notes");
    const fields = form.elements;

    // The page in the order of the index: notes, and for each the lists and the release it belongs to.
    const notes = [];
    const boxes = [];
    const releases = [];
    const enter = (element, parent) => boxes.push({ element, parent, count: 0, shown: true }) - 1;
    const parents = [];
    for (const section of main.getElementsByClassName("r")) {
      const release = enter(section, -1);
      releases.push(release);
      const before = notes.length;
      boxes[release].label = section.querySelector("h2 > .c");
      for (const group of section.getElementsByClassName("g")) {
        const kind = enter(group, release);
        for (const list of group.getElementsByClassName("l")) {
          const piece = enter(list, kind);
          for (const note of list.children) {
            notes.push(note);
            parents.push(piece);
          }
        }
      }
      boxes[release].total = notes.length - before;
    }
    const releaseOf = parents.map((piece) => boxes[boxes[piece].parent].parent);
    const shown = new Uint8Array(notes.length).fill(1);
    const action = new Uint8Array(notes.length);
    for (const at of data.action) action[at] = 1;
    const lowerAuthors = data.authors.map((author) => author.toLowerCase());

    // What the note says, its number, its author and its links; kinds, SIGs and areas have their own filters.
    const wordsIn = (note) => {
      let words = "";
      const line = note.lastElementChild;
      for (let part = note.firstElementChild; part !== line; part = part.nextElementSibling) words += part.textContent + "\n";
      for (let part = line.firstChild; part !== null; part = part.nextSibling) {
        if (part.nodeName !== "SPAN") words += part.textContent + " ";
      }
      return words;
    };
    let texts = null;
    const textOf = (at) => {
      if (texts === null) texts = notes.map((note) => wordsIn(note).toLowerCase());
      return texts[at];
    };

    const boxesOf = (name) => {
      const found = fields[name];
      return found === undefined ? [] : found instanceof RadioNodeList ? [...found] : [found];
    };
    const choices = { release: boxesOf("release") };
    for (const name of FACETS) choices[name] = boxesOf(name);

    // Words, and phrases in quotation marks; all of them must occur.
    const wordsOf = (query) =>
      Array.from(query.toLowerCase().matchAll(/"([^"]+)"|(\S+)/g), (match) => match[1] || match[2]);

    const authorsOf = (typed) => {
      const wanted = typed.trim().replace(/^@/, "").toLowerCase();
      if (wanted === "") return null;
      const exact = lowerAuthors.indexOf(wanted);
      if (exact !== -1) return new Set([exact]);
      return new Set(lowerAuthors.flatMap((author, at) => (author.startsWith(wanted) ? [at] : [])));
    };

    const checked = (name) => {
      const positions = new Set();
      choices[name].forEach((box, at) => box.checked && positions.add(at));
      return positions.size === 0 ? null : positions;
    };

    const toAddress = () => {
      const state = new URLSearchParams();
      if (fields.q.value.trim() !== "") state.set("q", fields.q.value.trim());
      for (const name of ["release", ...FACETS]) {
        for (const box of choices[name]) if (box.checked) state.append(name, box.value);
      }
      if (fields.author.value.trim() !== "") state.set("author", fields.author.value.trim());
      if (fields.action.checked) state.set("action", "1");
      return state.toString();
    };

    // Filters stand behind `#` (or `?`); a `#` without `=` is the address of a note or a release.
    const fromAddress = () => {
      const hash = location.hash.slice(1);
      const state = new URLSearchParams(hash.includes("=") ? hash : hash === "" ? location.search : "");
      fields.q.value = state.get("q") || "";
      fields.author.value = state.get("author") || "";
      fields.action.checked = state.get("action") === "1";
      for (const name of ["release", ...FACETS]) {
        const values = new Set(state.getAll(name));
        for (const box of choices[name]) box.checked = values.has(box.value);
      }
    };

    const mark = (element, count) => {
      if (count > 0) element.dataset.picked = count;
      else delete element.dataset.picked;
    };

    const apply = () => {
      const words = wordsOf(fields.q.value);
      const authors = authorsOf(fields.author.value);
      const onlyAction = fields.action.checked;
      const picked = checked("release");
      const wantedReleases = picked && new Set(Array.from(picked, (at) => releases[at]));
      const wanted = FACETS.map((name) => [data[name], checked(name)]).filter(([, positions]) => positions !== null);
      for (const box of boxes) box.count = 0;
      let total = 0;
      for (let at = 0; at < notes.length; at++) {
        const ok =
          (!onlyAction || action[at] === 1) &&
          (wantedReleases === null || wantedReleases.has(releaseOf[at])) &&
          (authors === null || authors.has(data.author[at])) &&
          wanted.every(([values, positions]) => values[at].some((value) => positions.has(value))) &&
          words.every((word) => textOf(at).includes(word));
        if (ok) {
          total++;
          boxes[parents[at]].count++;
        }
        if ((shown[at] === 1) !== ok) {
          shown[at] = ok ? 1 : 0;
          notes[at].hidden = !ok;
        }
      }
      // Children come after their parents, so backwards the counts add up.
      for (let at = boxes.length - 1; at >= 0; at--) {
        const box = boxes[at];
        if (box.parent !== -1) boxes[box.parent].count += box.count;
      }
      const filtered = toAddress() !== "";
      let releasesShown = 0;
      for (const box of boxes) {
        const visible = box.count > 0 || !filtered;
        if (box.parent === -1) {
          if (box.count > 0) releasesShown++;
          const text = filtered && box.count < box.total ? short(box.count) + " of " + number(box.total, "note") : number(box.total, "note");
          if (box.label.textContent !== text) box.label.textContent = text;
        }
        if (box.shown !== visible) {
          box.shown = visible;
          box.element.hidden = !visible;
        }
      }
      let picks = (onlyAction ? 1 : 0) + (authors === null ? 0 : 1);
      for (const [name, list] of Object.entries(choices)) {
        const count = list.filter((box) => box.checked).length;
        picks += count;
        if (list.length > 0) mark(list[0].closest("details").firstElementChild, count);
      }
      mark($("_more"), picks);
      $("_none").hidden = total > 0 || notes.length === 0;
      $("_reset").hidden = !filtered;
      $("_status").textContent = filtered
        ? short(total) + " of " + number(notes.length, "note") + " in " + number(releasesShown, "release")
        : number(notes.length, "note") + " in " + number(releases.length, "release");
    };

    const remember = () => {
      const state = toAddress();
      // Without filters nothing of them stays in the address, nor what stood behind `?`; a page in a file may not change that part.
      try {
        history.replaceState(null, "", location.pathname + (state === "" ? "" : "#" + state));
      } catch {
        location.replace("#" + state);
      }
    };
    const changed = () => {
      apply();
      remember();
      if (main.getBoundingClientRect().top < 0) main.scrollIntoView();
    };

    const show = () => {
      fromAddress();
      apply();
    };
    // An address of a note that can be seen leaves the filters alone; one of a hidden note takes them away.
    const moved = () => {
      const hash = location.hash.slice(1);
      const target = hash === "" || hash.includes("=") ? null : $(hash);
      if (target !== null && target.getClientRects().length > 0) return;
      show();
      (target ?? main).scrollIntoView();
    };

    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(changed));
    $("_clear").addEventListener("click", () => {
      form.reset();
      fields.q.focus();
    });
    const more = $("_more");
    more.addEventListener("click", () => {
      const open = $("_panel").classList.toggle("open");
      more.setAttribute("aria-expanded", String(open));
    });
    const authorList = $("_authors");
    fields.author.addEventListener(
      "focus",
      () => authorList.append(...data.authors.map((author) => Object.assign(document.createElement("option"), { value: author }))),
      { once: true },
    );
    addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement && event.target.type !== "checkbox";
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        fields.q.focus();
      }
    });
    addEventListener("hashchange", moved);
    try {
      show();
    } finally {
      page.remove("wait");
    }
    // Reading all text takes a moment; better now than at the first key.
    (window.requestIdleCallback || setTimeout)(() => notes.length > 0 && textOf(0));
  };
  document.addEventListener("DOMContentLoaded", start);
})();
