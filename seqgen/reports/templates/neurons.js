"use strict";
const units = JSON.parse(document.getElementById("units").textContent);
const choice = document.getElementById("unit"), here = document.getElementById("here");
const spans = [...document.getElementById("text").children];
spans.forEach((span, number) => { span.number = number; });
let values = new Int8Array();
let scale = 1;

function show() {
  const unit = units[choice.value];
  values = Int8Array.from(atob(unit.values), (character) => character.charCodeAt(0));
  scale = unit.scale;
  spans.forEach((span, number) => {
    const level = Math.floor(Math.abs(values[number]) / {{ 100 // color_levels }} + 0.5);
    span.className = level ? (values[number] > 0 ? "p" : "n") + level : "";
  });
  document.getElementById("min").textContent = "−" + scale.toPrecision(2);
  document.getElementById("max").textContent = "+" + scale.toPrecision(2);
}

choice.addEventListener("change", show);
document.getElementById("text").addEventListener("mouseover", (event) => {
  if (event.target.number === undefined) return;
  const value = values[event.target.number] * scale / 100;
  here.textContent = JSON.stringify(event.target.textContent) + "  " + value.toFixed(2);
});
document.addEventListener("click", (event) => {
  if (!event.target.dataset.unit) return;
  choice.value = event.target.dataset.unit;
  show();
  choice.scrollIntoView({ block: "nearest" });
});
show();
