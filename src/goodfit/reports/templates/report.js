"use strict";

// Draws the figures in the colors of the style sheet, and turns what can be turned on the page.
(() => {
  const root = document.documentElement;
  const source = document.getElementById("figures");
  const figures = source ? JSON.parse(source.textContent) : {};
  const chosen = {};

  // A figure's colors are "@name": the style sheet's variable --name.
  function painted(value, style, isColor = false) {
    if (Array.isArray(value)) return value.map((item) => painted(item, style, isColor));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, painted(item, style, isColor || /color/.test(key))]),
      );
    }
    return isColor && typeof value === "string" && value.startsWith("@")
      ? style.getPropertyValue("--" + value.slice(1)).trim()
      : value;
  }

  function drawOne(element, figure) {
    const { data, layout } = painted(figure, getComputedStyle(root));
    const width = element.clientWidth;
    const square = layout.meta;
    const height = square ? Math.max(Math.min(width, square.tallest), square.shortest) : layout.height;
    layout.font.family = getComputedStyle(document.body).fontFamily;
    Plotly.react(element, data, { ...layout, width, height }, { displayModeBar: false, displaylogo: false, doubleClick: false });
  }

  function draw(holder) {
    const place = holder.dataset.place;
    const choices = figures[place];
    if (!choices) return;
    const choice = choices[chosen[place]] || Object.values(choices)[0];
    holder.querySelectorAll(".plot").forEach((element, i) => drawOne(element, choice[i]));
  }

  const holders = [...document.querySelectorAll(".plots")];
  const drawAll = () => holders.forEach(draw);
  const choose = (place, choice) => {
    chosen[place] = choice;
    holders.filter((holder) => holder.dataset.place === place).forEach(draw);
    document.querySelectorAll(`[data-shows^="${place}:"]`).forEach((element) => {
      element.hidden = element.dataset.shows !== `${place}:${choice}`;
    });
  };

  document.querySelectorAll("[data-switch]").forEach((group) => {
    group.addEventListener("change", (event) => choose(group.dataset.switch, event.target.value));
  });

  // Learning curves: the round picks a list of networks, the list picks the curves.
  const lists = [...document.querySelectorAll("select[data-chapter]")];
  const openChapter = (chapter) => {
    lists.forEach((list) => {
      list.closest("label").hidden = list.dataset.chapter !== chapter;
      if (list.dataset.chapter === chapter) choose("curves", list.value);
    });
  };
  lists.forEach((list) => list.addEventListener("change", () => choose("curves", list.value)));
  const chapters = document.getElementById("chapters");
  if (chapters) chapters.addEventListener("change", (event) => openChapter(event.target.value));

  async function copy(button) {
    const text = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2500);
  }
  document.querySelectorAll("[data-copy]").forEach((button) => button.addEventListener("click", () => copy(button)));

  const closed = new Set();
  addEventListener("beforeprint", () => {
    root.classList.add("printing");
    document.querySelectorAll("details:not([open])").forEach((details) => { closed.add(details); details.open = true; });
    drawAll();
  });
  addEventListener("afterprint", () => {
    root.classList.remove("printing");
    closed.forEach((details) => { details.open = false; });
    closed.clear();
    drawAll();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 150);
  });

  const checked = chapters && chapters.querySelector(":checked");
  if (lists.length) openChapter(checked ? checked.value : lists[0].dataset.chapter);
  drawAll();
})();
