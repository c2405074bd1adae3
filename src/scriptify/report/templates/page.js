"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const items = Array.from(document.querySelectorAll(".item"));
  const groups = Array.from(document.querySelectorAll(".group"));
  const shown = document.getElementById("shown");
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const apply = () => {
    const want = (name) => form.elements[name].value;
    const text = want("text").trim().toLowerCase();
    let count = 0;
    for (const item of items) {
      const fits = ["transform", "file", "verdict"].every((name) => !want(name) || item.dataset[name].split("\n").includes(want(name)));
      item.hidden = !(fits && (!text || textOf(item).includes(text)));
      count += item.hidden ? 0 : 1;
    }
    for (const group of groups) group.hidden = !group.querySelector(".item:not([hidden])");
    shown.textContent = `${count} of ${items.length} shown`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
