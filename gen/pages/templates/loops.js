"use strict";
// An audio element pauses before it begins again: loops are played from memory, sample after sample.
let context = null, source = null, looping = null;

function stop() {
  if (source) source.stop();
  if (looping) looping.setAttribute("aria-pressed", false);
  source = looping = null;
}

async function start(button) {
  stop();
  audio.pause();
  looping = button;
  button.setAttribute("aria-pressed", true);
  context = context || new AudioContext();
  const bytes = Uint8Array.from(atob(data.loops[button.dataset.loop]), (letter) => letter.charCodeAt(0));
  const buffer = await context.decodeAudioData(bytes.buffer);
  if (looping !== button) return; // stopped meanwhile
  source = new AudioBufferSourceNode(context, { buffer, loop: true });
  source.connect(context.destination);
  source.start();
}

for (const button of document.querySelectorAll(".loop")) {
  button.onclick = () => (looping === button ? stop() : start(button));
}
audio.addEventListener("play", stop);
