"""What a page holds to at every width and in both modes; each check with its planted page.

A check is a JavaScript function that returns what it finds wrong, as strings.
"""

from typing import Any

BLOCKING = 220_000  # bytes that may come before the first paint, besides the page itself
LEGIBLE = 9.0  # pixels, of the letters in a figure on a phone

AT_ANY_WIDTH = {
    "tab stop": """() => [...document.querySelectorAll(".math *")].filter(e => e.tabIndex >= 0)
        .map(e => `${e.tagName} in a formula`)""",
    "no words": """() => [...document.querySelectorAll("mjx-container")]
        .filter(e => !e.querySelector("mjx-assistive-mml math"))
        .map(e => "a formula without MathML").slice(0, 3)""",
    "drawing": r"""() => [
        ...[...document.querySelectorAll(".cell_output img")].filter(e => /\.svg/.test(e.src))
          .map(e => `an image that cannot follow the mode: ${e.getAttribute("src")}`),
        ...[...document.querySelectorAll("svg.nn-drawing")]
          .filter(e => e.getAttribute("role") !== "img" || !e.getAttribute("aria-label"))
          .map(e => "no words for it"),
      ]""",
    "same id": """() => {
        const ids = [...document.querySelectorAll("[id]")].map(e => e.id).filter(id => id);
        return [...new Set(ids.filter((id, k) => ids.indexOf(id) !== k))].slice(0, 5);
      }""",
    "description": """() => {
        const said = document.querySelector("meta[name=description]")?.content ?? "";
        return said.length >= 20 && said.length <= 300 ? [] : [`${said.length} letters`];
      }""",
    "before the first paint": """async () => {
        const sheets = [...document.querySelectorAll("link[rel=stylesheet]")]
          .filter(e => e.media !== "print").map(e => e.href);
        const scripts = [...document.querySelectorAll("head script[src]")]
          .filter(e => !e.defer && !e.async && e.type !== "module").map(e => e.src);
        const files = await Promise.all([...sheets, ...scripts].map(f => fetch(f)));
        const sizes = await Promise.all(files.map(async f => (await f.arrayBuffer()).byteLength));
        const bytes = sizes.reduce((a, b) => a + b, 0);
        return bytes > LIMIT ? [`${bytes} bytes`] : [];
      }""".replace("LIMIT", str(BLOCKING)),
}

ON_A_PHONE = {
    "clipped": """() => {
        const found = [], seen = "mjx-container *, .visually-hidden, svg *";
        for (const e of document.querySelectorAll(".bd-article, .bd-article *")) {
          if (e.matches(seen) || !e.checkVisibility()) continue;
          if (e.scrollWidth <= e.clientWidth + 1) continue;
          const style = getComputedStyle(e), flow = style.overflowX;
          if (style.display === "inline" || flow === "visible") continue;
          if (flow === "hidden" || flow === "clip")
            found.push(`${e.tagName}.${e.className}: ${e.scrollWidth - e.clientWidth} px of it`);
          else if (e.tabIndex < 0 || !e.getAttribute("aria-label"))
            found.push(`${e.tagName}.${e.className} scrolls, but not by keyboard and by name`);
        }
        return found.slice(0, 5);
      }""",
    "out of reach": """() => [...document.querySelectorAll(".bd-article mjx-math")]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().left
          < e.closest(".math").getBoundingClientRect().left - 1)
        .map(e => `a formula begins left of its box: ${e.textContent.slice(0, 40)}`)
        .slice(0, 3)""",
    "illegible": """() => {
        const size = e => Math.hypot(e.getScreenCTM().a, e.getScreenCTM().b);
        const found = [];
        for (const svg of document.querySelectorAll(".bd-article .nn-drawing, .nn-frame > svg")) {
          if (!svg.checkVisibility()) continue;
          const set = [...svg.querySelectorAll("g")].filter(g => g.querySelector(":scope > use")
            && /scale\\([\\d.]+ -[\\d.]+\\)/.test(g.getAttribute("transform") ?? ""));
          const letters = set.map(g => 100 * size(g));
          const texts = [...svg.querySelectorAll("text")]
            .map(t => size(t) * parseFloat(getComputedStyle(t).fontSize));
          const least = Math.min(...letters, ...texts);
          const what = svg.closest("[aria-label]")?.getAttribute("aria-label");
          if (least < LEAST) found.push(`letters of ${least.toFixed(1)} px: ${what}`);
        }
        return found;
      }""".replace("LEAST", str(LEGIBLE)),
}

MODES = ("light", "dark")
AXE = """([within, options]) => axe.run(within ? { include: window.samples } : document,
    { resultTypes: ["violations"], ...options }).then(result => result.violations
  .filter(v => ["serious", "critical"].includes(v.impact))
  .flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 90)}`)).slice(0, 6))"""
COLOURS = ["color-contrast", "link-in-text-block"]
# Of the texts that look alike on the same ground one is enough for what is said of their colours,
# which takes far longer than all else.
SAMPLES = """() => {
  const found = new Map();
  const plain = ["1", "rgba(0, 0, 0, 0)", "none", "none"].join();
  const ground = e => {
    if (!e) return "";
    const s = getComputedStyle(e);
    const own = [s.opacity, s.backgroundColor, s.backgroundImage, s.filter].join();
    return ground(e.parentElement) + (own === plain ? "" : own);
  };
  for (const e of document.body.querySelectorAll("*")) {
    const own = [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim());
    if (!own || !e.checkVisibility()) continue;
    const s = getComputedStyle(e), link = e.closest("a"), around = link?.parentElement;
    const looks = [s.color, s.fontSize, s.fontWeight, s.textShadow, s.textDecorationLine,
      around && getComputedStyle(around).color, ground(e)];
    found.set(looks.join("|"), link ?? e);
  }
  window.samples = [...found.values()];
}"""


# While axe looks, what it cannot judge is out of the page, for its time grows with the square of
# what is in it: of the words of code that look the same all but one; the glyphs of a formula, which
# are hidden from a screen reader (its words stay, and so does its box); shapes without words.
THIN = """() => {
  const seen = new Set(), gone = [];
  for (const e of document.querySelectorAll("pre span[class]")) {
    const kind = e.closest(".cell_output, details, .nn-printed, .cell_input, .highlight");
    const key = `${e.className} in ${kind?.className}`;
    if (seen.has(key) && !e.children.length) gone.push(e);
    seen.add(key);
  }
  const told = "text, title, desc, a, image, foreignObject, [href], [role], [tabindex],"
    + "[aria-label], [aria-labelledby], [aria-hidden]";
  const silent = e => !e.matches(told) && !e.querySelector(told);
  gone.push(...[...document.querySelectorAll("svg *")].filter(e => silent(e)
    && (e.parentElement.localName === "svg" || !silent(e.parentElement))));
  const glyphs = [...document.querySelectorAll("mjx-math[aria-hidden=true]")]
    .filter(e => [...e.children].every(silent));
  const boxes = glyphs.map(e => [e, e.getBoundingClientRect(), e.style.cssText]);
  for (const [e, { width, height }] of boxes) {
    Object.assign(e.style, { width: `${width}px`, height: `${height}px` });
    gone.push(...e.childNodes);
  }
  const put = gone.map(e => [e, document.createComment("")]);
  for (const math of document.querySelectorAll("mjx-assistive-mml > math"))
    put.push([math, document.createTextNode(math.textContent)]);
  put.forEach(([e, mark]) => e.replaceWith(mark));
  const sheet = document.createElement("style");
  sheet.textContent = "mjx-assistive-mml { display: none !important; }"
    + "*, ::before, ::after { transition: none !important; }";  // no colour fades into another
  document.head.append(sheet);
  window.whole = () => {
    sheet.remove();
    put.forEach(([e, mark]) => mark.replaceWith(e));
    boxes.forEach(([e, , style]) => { e.style.cssText = style; });
  };
}"""


def accessible(page: Any, width: str) -> list[str]:
    """What axe-core finds serious or critical, in both modes."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(Axe().axe_script)
    page.evaluate(THIN)
    off = {name: {"enabled": False} for name in COLOURS}
    found = [f"axe, {width}: {what}" for what in page.evaluate(AXE, [False, {"rules": off}])]
    for mode in MODES:
        page.evaluate("mode => { document.documentElement.dataset.theme = mode; }", mode)
        page.evaluate(SAMPLES)
        pale = page.evaluate(AXE, [True, {"runOnly": COLOURS}])
        found += [f"axe, {width}, {mode}: {what}" for what in pale]
    page.evaluate("window.whole()")
    return found


def settled(page: Any) -> None:
    """Wait until the page's script has fitted it to its width."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 60)))")


WIDE = '<div style="width: 900px; height: 9px"></div>'
LETTER = '<g transform="translate(1 2) scale(0.07 -0.07)"><use href="#a"/></g>'
PLANTED = {
    "tab stop: SPAN": '<div class="math"><mjx-container style="display:block;height:9px">'
    '<span tabindex="0">x</span></mjx-container></div>',
    "no words: a formula": '<span class="math"><mjx-container style="display:block;height:9px">x'
    "</mjx-container></span>",
    "drawing: an image": '<div class="cell_output"><img src="icon.svg" alt="a dot"></div>',
    "drawing: no words": '<svg class="nn-drawing" viewBox="0 0 9 9" width="9"></svg>',
    "same id: twice": '<p id="twice">one</p><p id="twice">two</p>',
    "before the first paint": '<link rel="stylesheet" href="heavy.css">',
    "clipped: DIV.cut": f'<div class="cut" style="overflow: hidden">{WIDE}</div>',
    "clipped: DIV.far": f'<div class="far" style="overflow-x: auto">{WIDE}</div>',
    "out of reach: a formula": '<article class="bd-article"><div class="math"><mjx-container '
    'style="display:block;height:9px"><mjx-math style="margin-left: -20px">x</mjx-math>'
    "</mjx-container></div></article>",
    "illegible: letters of 7.0 px: dots": '<svg class="nn-drawing" role="img" aria-label="dots"'
    f' viewBox="0 0 300 9" width="300">{LETTER}</svg>',
    "axe, wide, light: color-contrast": '<p style="color: #aaa; background: #fff">pale</p>',
    "axe, wide, dark: color-contrast": "<style>[data-theme=dark] p { color: #555; background: "
    "#222 }</style><p>dim</p>",
    "axe, phone: button-name": "<button></button>",
    "axe, phone: link-name": '<a href="page.html"></a>',
    "axe, phone, dark: color-contrast": "<style>@media (width < 600px) { [data-theme=dark] p "
    "{ color: #555; background: #222 } }</style><p>dim</p>",
    "axe, wide, dark: link-in-text-block": "<style>[data-theme=dark] * { background: #000; color: "
    "#fff } [data-theme=dark] a { color: #ccc; text-decoration: none }</style><p>Many words and "
    '<a href="page.html">one link</a> among them.</p>',
    "axe, phone, light: color-contrast: <b": "<p>One <b>is</b> like the other.</p>"
    '<p style="background: #444">One <b>is</b> like the other.</p>',
}
