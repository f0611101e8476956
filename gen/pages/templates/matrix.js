"use strict";
// A cell plays the mistakes it counts, one after the other, until another sound is asked for.
let waiting = [];

function hush() { // asked by the player before a sound begins
  waiting = [];
}

function next(players) {
  if (!players.length) return;
  play(players[0]);
  waiting = players.slice(1);
}

audio.addEventListener("ended", () => next(waiting));

for (const cell of document.querySelectorAll(".cell")) {
  const list = document.getElementById(cell.dataset.list);
  cell.onclick = () => {
    list.scrollIntoView();
    next([...list.querySelectorAll(".player")]);
  };
}
