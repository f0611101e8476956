// Notes from the computer's keyboard and from MIDI, and the keys of the buttons.
const ROW = "awsedftgyhujk", BUTTONS = { " ": "start", l: "freeze", b: "back", m: "keep" };
const BEND = 2; // semitones of the whole pitch wheel
const held = []; // notes, the latest last
let octave = 4, bend = 0;

// Have all voices that hear a pitch play a note at a level under the loudest, in dB.
function note(number, db) {
  strips.forEach((strip, voice) => {
    const pitch = strip.querySelector("[data-key=pitch]"), loudness = strip.querySelector("[data-key=loudness]");
    if (!pitch || !now || !now.plays) return;
    strip.querySelector("[data-key=told]").checked = true;
    pitch.value = number + bend;
    const made = { pitch: hertz(number + bend).toFixed(2) };
    if (loudness) made.loudness = loudness.value = Math.max(Number(loudness.min), Number(loudness.max) + db);
    if (loudness) made.loudness = Number(loudness.value);
    texts(strip);
    change(voice, made);
  });
}

function press(number, db) {
  held.push({ number, db });
  note(number, db);
}

function release(number) {
  const at = held.findLastIndex((each) => each.number === number);
  if (at < 0) return;
  const last = held.splice(at, 1)[0];
  if (at < held.length) return; // another one sounds
  if (held.length) note(held.at(-1).number, held.at(-1).db);
  else note(last.number, -200); // as quiet as it goes
}

const sounding = new Map(); // keys that are down, and their notes
addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase(), { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (target.matches("select, input[type=number]")) return;
  if (BUTTONS[key]) {
    if (key === " " && target.matches("button, input[type=checkbox]")) return; // which it presses
    event.preventDefault();
    by(BUTTONS[key]).click();
  } else if (key === "z" || key === "x") {
    octave = Math.max(0, Math.min(8, octave + (key === "x" ? 1 : -1)));
  } else if (ROW.includes(key) && !sounding.has(key)) {
    sounding.set(key, 12 * (octave + 1) + ROW.indexOf(key));
    press(sounding.get(key), 0);
  }
});
addEventListener("keyup", (event) => {
  const key = event.key.toLowerCase();
  if (sounding.has(key)) release(sounding.get(key));
  sounding.delete(key);
});
addEventListener("blur", () => {
  for (const number of sounding.values()) release(number);
  sounding.clear();
});

by("midi").onclick = async () => {
  try {
    const access = await navigator.requestMIDIAccess();
    const listen = () => { for (const input of access.inputs.values()) input.onmidimessage = ({ data }) => midi(...data); };
    access.onstatechange = listen;
    listen();
    say(access.inputs.size ? `MIDI from ${[...access.inputs.values()].map((input) => input.name).join(", ")}.` : "There is no MIDI input yet; plug one in.");
  } catch {
    say("This browser gives no MIDI; notes are on the keys A to K.");
  }
};

function midi(status, first, second) {
  const kind = status >> 4;
  if (kind === 9 && second) press(first, 40 * Math.log10(second / 127));
  else if (kind === 8 || kind === 9) release(first);
  else if (kind === 14) {
    bend = BEND * ((second << 7 | first) - 8192) / 8192;
    if (held.length) note(held.at(-1).number, held.at(-1).db);
  }
}
