"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const audio = new Audio();
let current = null;

document.getElementById("theme").onclick = () => {
  const dark = document.getElementById("dark");
  dark.media = matchMedia(dark.media).matches ? "not all" : "screen";
};

function show() {
  if (!current) return;
  const seconds = data.sounds[current.dataset.sound].seconds, at = Math.min(audio.currentTime, seconds);
  const scrub = current.querySelector(".scrub"), time = current.querySelector(".time");
  scrub.querySelector(".head").style.left = `${100 * at / seconds}%`;
  scrub.setAttribute("aria-valuenow", at.toFixed(2));
  scrub.setAttribute("aria-valuetext", `${at.toFixed(1)} of ${seconds.toFixed(1)} seconds`);
  if (time) time.textContent = `${at.toFixed(1)} / ${seconds.toFixed(1)} s`;
}

function choose(player) {
  if (current === player) return;
  audio.pause();
  if (current) {
    audio.currentTime = 0;
    show();
    current.classList.remove("current", "playing");
    current.querySelector(".play").setAttribute("aria-pressed", false);
  }
  current = player;
  player.classList.add("current");
  audio.src = "data:audio/mpeg;base64," + data.sounds[player.dataset.sound].mp3;
}

function seek(player, seconds) {
  choose(player);
  audio.currentTime = Math.max(0, Math.min(seconds, data.sounds[player.dataset.sound].seconds - 0.01));
  show();
}

function play(player) {
  choose(player);
  audio.play().catch(() => {}); // another sound was asked for before this one began
}

function toggle(player) {
  if (player === current && !audio.paused) audio.pause();
  else play(player);
}

for (const name of ["play", "pause", "ended", "seeked"]) {
  audio.addEventListener(name, () => {
    const playing = !audio.paused && !audio.ended;
    current.classList.toggle("playing", playing);
    current.querySelector(".play").setAttribute("aria-pressed", playing);
    show();
    if (playing) requestAnimationFrame(follow);
  });
}

function follow() {
  show();
  if (!audio.paused) requestAnimationFrame(follow);
}

for (const player of document.querySelectorAll(".player")) {
  const scrub = player.querySelector(".scrub"), seconds = data.sounds[player.dataset.sound].seconds;
  const at = (event) => {
    const box = scrub.getBoundingClientRect();
    return (event.clientX - box.left) / box.width * seconds;
  };
  player.querySelector(".play").onclick = () => toggle(player);
  scrub.onclick = (event) => { seek(player, at(event)); play(player); };
  scrub.onpointermove = (event) => { if (event.buttons === 1 && event.pointerType === "mouse") seek(player, at(event)); };
  player.onkeydown = (event) => {
    if (event.target !== scrub && event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const now = player === current ? audio.currentTime : 0, step = seconds / 20;
    const to = { ArrowLeft: now - step, ArrowDown: now - step, ArrowRight: now + step, ArrowUp: now + step,
      PageDown: now - 4 * step, PageUp: now + 4 * step, Home: 0, End: seconds }[event.key];
    if (to !== undefined) seek(player, to);
    else if (event.key === " " || event.key === "Enter") toggle(player);
    else return;
    event.preventDefault();
  };
}

for (const button of document.querySelectorAll(".copy")) {
  button.onclick = async () => {
    const text = button.previousElementSibling, told = button.textContent;
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch { // not allowed here: the old way
      getSelection().selectAllChildren(text);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = told; }, 1500);
  };
}
