/* What a page can only do once it knows its width: nothing is cut off, and what scrolls says so. */
(() => {
  const SMALLEST = 0.72; // of a formula's size; a wider one scrolls

  /* A box that scrolls sideways is reached by the keyboard and has a name. */
  const scrolls = (box, what, yes) => {
    if (yes) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", what);
    } else if (box.getAttribute("role") === "region") {
      ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    }
  };

  const fitFormula = (box, number) => {
    const set = box.querySelector("mjx-container"), inner = set?.querySelector("mjx-math");
    if (!inner || !box.checkVisibility()) return;
    const shown = box.matches("div.math");
    box.classList.remove("nn-wide", "nn-below");
    set.dataset.size ??= set.style.fontSize || "100%";
    set.style.fontSize = set.dataset.size;
    const block = shown ? box : box.parentElement.closest("p, li, td, th, dd, dt, div, figcaption, h1, h2, h3");
    const style = getComputedStyle(block);
    const whole = block.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const wide = inner.getBoundingClientRect().width;
    const mark = shown ? box.querySelector(".eqno") : null;
    const held = shown ? null : box.closest(".nn-held");
    let room = whole - (held ? held.getBoundingClientRect().width - box.getBoundingClientRect().width : 0);
    if (mark) {
      room = whole - 2 * mark.getBoundingClientRect().width - 8;
      if (wide > room) {
        box.classList.add("nn-below");
        room = whole;
      }
    }
    const tooWide = wide > room + 1;
    if (tooWide) {
      const scale = Math.max(SMALLEST, (room / wide) * 0.995);
      set.style.fontSize = `${parseFloat(set.dataset.size) * scale}%`;
    }
    const cut = tooWide && inner.getBoundingClientRect().width > room + 1;
    box.classList.toggle("nn-wide", cut);
    scrolls(box, `Formula ${number}, scrolls sideways`, cut);
  };

  const fit = () => {
    document.querySelectorAll(".bd-article .math").forEach((box, k) => fitFormula(box, k + 1));
    const boxes = ".bd-article pre:not(.nn-code *), .bd-article .nn-code, .pst-scrollable-table-container, .bd-article .nn-scrolls";
    document.querySelectorAll(boxes).forEach((box, k) => {
      const kind = box.matches("pre, .nn-code") ? "Text" : "Table";
      scrolls(box, `${kind} ${k + 1}, scrolls sideways`, box.scrollWidth > box.clientWidth + 1);
    });
  };

  let waiting = 0;
  const later = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(fit);
  };
  const ready = async () => {
    await window.MathJax?.startup?.promise;
    await document.fonts?.ready;
    fit();
  };
  addEventListener("load", ready);
  addEventListener("resize", later);
  document.addEventListener("toggle", later, true);

  /* On paper everything is open and on white; afterwards all is as it was. */
  let opened = [], theme = "";
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".bd-article details:not([open], .nn-doc, .hide)")];
    opened.forEach((fold) => { fold.open = true; });
    theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    fit();
  });
  addEventListener("afterprint", () => {
    opened.forEach((fold) => { fold.open = false; });
    document.documentElement.dataset.theme = theme;
  });

  /* A page that the search found says in which of its sections the words stand. */
  addEventListener("DOMContentLoaded", () => {
    if (typeof Search === "undefined") return;
    const plain = Search.makeSearchSummary;
    Search.makeSearchSummary = (text, words, anchor) => {
      const page = new DOMParser().parseFromString(text, "text/html");
      const name = text.match(/DOCUMENTATION_OPTIONS\.pagename = '([^']+)'/)?.[1];
      const sections = !name ? [] : anchor ? Search.around(page, anchor) : Search.sections(page, [...words].map((word) => word.replace(/i$/, "")));
      const place = anchor && page.getElementById(anchor.slice(1))?.textContent.trim() ? anchor : "";
      const summary = plain(text, words, place) ?? document.createElement("p");
      if (!sections.length) return summary;
      const found = document.createElement("div"), list = document.createElement("ul");
      list.className = "nn-found";
      for (const section of sections.slice(0, 4)) {
        const link = document.createElement("a"), item = document.createElement("li");
        link.href = `${document.documentElement.dataset.content_root}${name}.html#${section.id}`;
        link.textContent = section.title;
        item.append(link);
        list.append(item);
      }
      found.append(summary, list);
      return found;
    };

    /* The section of a place in the text, unless the place is a term or a section itself. */
    Search.around = (page, anchor) => {
      const place = page.getElementById(anchor.slice(1));
      const section = place?.matches("section, dt") ? null : place?.closest("section[id]");
      const heading = section?.querySelector("h1, h2, h3, h4, h5, h6");
      heading?.querySelectorAll(".headerlink").forEach((link) => link.remove());
      return heading ? [{ id: section.id, title: heading.textContent.trim() }] : [];
    };

    /* The sections of a page with all the words in what stands right under their heading; a word is
       cut to its stem, whose last i may be a y. */
    Search.sections = (page, words) => {
      const count = (text) => Math.min(...words.map((word) => text.split(word).length - 1));
      return [...page.querySelectorAll(".bd-article section[id]")].map((section) => {
        const heading = section.querySelector("h1, h2, h3, h4, h5, h6");
        heading?.querySelectorAll(".headerlink").forEach((link) => link.remove());
        const own = [...section.children].filter((child) => child.tagName !== "SECTION");
        const title = heading?.textContent.trim() ?? "";
        const times = count(own.map((child) => child.textContent).join(" ").toLowerCase());
        return { id: section.id, title, times: times + 5 * count(title.toLowerCase()) };
      }).filter(({ title, times }) => title && times > 0).sort((a, b) => b.times - a.times);
    };
  });
})();
