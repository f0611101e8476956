"use strict";
// A cell plays the mistakes it counts, one after the other, until another sound is asked for.
let asked = null, waiting = [];

function next(players) {
  if (!players.length) return;
  [asked, ...waiting] = players;
  play(asked);
}

audio.addEventListener("ended", () => next(waiting));
audio.addEventListener("play", () => { if (current !== asked) waiting = []; });

for (const cell of document.querySelectorAll(".cell")) {
  const list = document.getElementById(cell.dataset.list);
  cell.onclick = () => {
    list.scrollIntoView();
    next([...list.querySelectorAll(".player")]);
  };
}
