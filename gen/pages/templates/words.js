"use strict";
// A word plays from its beginning to its end.
let until = Infinity;

for (const button of document.querySelectorAll(".word")) {
  const sounding = document.querySelector(".player");
  button.onclick = () => {
    seek(sounding, Number(button.dataset.start));
    play(sounding);
    until = Number(button.dataset.stop);
  };
}

audio.addEventListener("timeupdate", () => {
  if (audio.currentTime >= until) audio.pause();
});
audio.addEventListener("pause", () => { until = Infinity; });
