"use strict";
const { voices, lead } = JSON.parse(document.getElementById("data").textContent);
const by = (id) => document.getElementById(id), strips = [...document.querySelectorAll(".strip")];
const OFTEN = 20; // ms from one setting of a slider to the next
let socket = null, context = null, mixer = null, analyser = null, now = null, frozen = false, known = false;
let heard = { epoch: -1, played: [], buffered: 0, lead, dropouts: 0 };
let asked = 0, muted = false;
const early = [];
const waiting = new Map(), unanswered = []; // settings that are sent soon; those that are not heard yet

by("theme").onclick = () => {
  const dark = by("dark");
  dark.media = matchMedia(dark.media).matches ? "not all" : "screen";
};

function say(text) { by("said").textContent = text; }

function send(message) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function connect() {
  socket = new WebSocket(`ws://${location.host}/socket`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => (typeof data === "string" ? tell(JSON.parse(data)) : sound(data));
  socket.onclose = ({ code }) => {
    now = null;
    say(code === 1013 ? "There are listeners enough." : "The connection is lost; it is tried again each second.");
    if (mixer) mixer.port.postMessage({ playing: false });
    setTimeout(connect, 1000);
  };
}

function sound(data) {
  if (!mixer) { // it is still opened
    if (context && early.length < 50) early.push(data);
    return;
  }
  if (muted) return;
  const view = new DataView(data), samples = new Int16Array(data, 8);
  const [voice, epoch, first] = [view.getUint16(0, true), view.getUint16(2, true), view.getUint32(4, true)];
  mixer.port.postMessage({ voice, epoch, first, samples }, [data]);
}

function tell(message) {
  if (message.error) say(message.error);
  else if (message.kept) kept(message.kept);
  else if ("id" in message) {
    const one = unanswered.find((each) => each.id === message.id);
    if (one) Object.assign(one, message);
  } else state(message);
}

function state(message) {
  const before = now;
  now = message;
  if (!before || before.plays !== now.plays) {
    say(now.plays ? (context ? "You play." : "Press Start.") : "Another page plays; press Listen to hear it.");
  }
  for (const control of document.querySelectorAll("main button, main input, main select")) {
    const own = ["start", "theme"].includes(control.id) || control.dataset.key === "fader";
    control.disabled = !now.plays && !own;
  }
  frozen = now.frozen;
  by("freeze").setAttribute("aria-pressed", frozen);
  by("here").textContent = `${now.plays ? "plays" : "listens"}, ${now.listeners} in all`;
  by("load").textContent = now.playing ? `${(100 * now.load).toFixed(1)} %` : "–";
  if (mixer && before && before.playing !== now.playing) mixer.port.postMessage({ playing: now.playing });
  label();
  now.settings.forEach((settings, i) => show(strips[i], settings, !known || !now.plays || now.steered));
  known = true;
}

function label() {
  const on = now.plays ? now.playing : context && !muted;
  by("start").textContent = now.plays ? (on ? "Stop" : "Start") : (on ? "Mute" : "Listen");
}

// Open the output, if it isn't; return whether there is one.
async function open() {
  if (context) {
    await context.resume();
    return mixer !== null;
  }
  context = new AudioContext({ latencyHint: "interactive" }); // now, while a key or a button is pressed
  if (!context.audioWorklet) {
    say("Browsers play such sound from localhost alone; from another machine, bring the port there by ssh -L.");
    return false;
  }
  const code = URL.createObjectURL(new Blob([by("worklet").textContent], { type: "text/javascript" }));
  await context.audioWorklet.addModule(code);
  URL.revokeObjectURL(code);
  const processorOptions = { rates: voices.map((voice) => voice.rate), lead };
  mixer = new AudioWorkletNode(context, "mixer", { numberOfInputs: 0, outputChannelCount: [1], processorOptions });
  analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
  mixer.connect(analyser).connect(context.destination);
  mixer.port.onmessage = ({ data }) => report(data);
  faders();
  early.splice(0).forEach(sound);
  requestAnimationFrame(draw);
  return true;
}

function report(data) {
  heard = data;
  if (!now) return;
  if (now.plays && now.playing && data.epoch >= 0) send({ played: data.played, epoch: data.epoch, lead: data.lead });
  const late = context.outputLatency || context.baseLatency || 0;
  while (unanswered.length && unanswered[0].from !== undefined) {
    const one = unanswered[0];
    if (one.epoch === data.epoch && data.played[one.voice] < one.from) break;
    unanswered.shift();
    if (one.epoch === data.epoch) by("answer").textContent = `${Math.round(performance.now() - one.at + 1000 * late)} ms`;
  }
}

by("start").onclick = async () => {
  if (!now) return;
  if (!now.plays) {
    muted = Boolean(context) && !muted;
    if (muted) await context.suspend();
    else await open();
    label();
    return;
  }
  const start = !now.playing;
  muted = false;
  send({ start }); // it is made while the output is opened
  if (await open()) say(start ? "You play." : "Stopped; Start begins anew.");
};
by("freeze").onclick = () => { send({ freeze: !frozen }); };
by("back").onclick = () => { send({ back: Math.min(30, Math.max(0, Number(by("seconds").value) || 0)) }); };
by("keep").onclick = () => {
  const loud = strips.map((strip, i) => i).filter((i) => Number(strips[i].querySelector("[data-key=fader]").value) > 0);
  send({ keep: loud });
};

function kept(paths) {
  by("kept").hidden = false;
  for (const path of paths) {
    const item = document.createElement("li"), command = document.createElement("pre");
    command.textContent = `gen again '${path.replaceAll("'", "'\\''")}'`;
    item.append(path, command);
    by("kept").querySelector("ul").prepend(item);
  }
  say(`Kept: ${paths.join(", ")}`);
}

function faders() {
  const gains = strips.map((strip) => Number(strip.querySelector("[data-key=fader]").value) ** 2);
  if (mixer) mixer.port.postMessage({ gains });
}

// What a strip's controls say, as settings.
function settings(strip) {
  const at = (key) => strip.querySelector(`[data-key=${key}]`), value = (key) => Number(at(key).value);
  const made = { temperature: value("temperature"), top_p: value("top_p"), seed: Math.max(0, Math.floor(value("seed"))) };
  if (made.temperature > 0 && made.temperature < 0.001) made.temperature = 0;
  if (at("guidance")) made.guidance = value("guidance");
  if (at("mix")) {
    const mix = value("mix"), [from, to] = [at("from").value, at("to").value];
    made.label = mix === 0 || from === to ? from : mix === 1 ? to : { [from]: 1 - mix, [to]: mix };
    if (typeof made.label === "object") for (const key in made.label) made.label[key] = Number(made.label[key].toFixed(3));
  }
  const told = at("told") && at("told").checked;
  if (at("pitch")) made.pitch = told ? hertz(value("pitch")).toFixed(2) : null;
  if (at("loudness")) made.loudness = told ? value("loudness") : null;
  return made;
}

function hertz(note) { return 440 * 2 ** ((note - 69) / 12); }

function name(note) {
  const near = Math.round(note);
  return `${["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"][near % 12]}${Math.floor(near / 12) - 1}`;
}

function texts(strip) {
  for (const output of strip.querySelectorAll("output")) {
    const input = output.parentNode.querySelector("input"), value = Number(input.value);
    const said = { pitch: `${name(value)}, ${hertz(value).toFixed(0)} Hz`, loudness: `${value} dB` };
    output.textContent = said[input.dataset.key] || value.toFixed(2);
    if (said[input.dataset.key]) input.setAttribute("aria-valuetext", output.textContent);
  }
}

// Show settings on a strip: all of them, or the seed alone, which going back changes.
function show(strip, settings, all) {
  const put = (key, value) => {
    const control = strip.querySelector(`[data-key=${key}]`);
    if (control && control !== document.activeElement) control.value = value;
  };
  put("seed", settings.seed);
  if (all) {
    for (const key of ["temperature", "top_p", "guidance"]) put(key, settings[key]);
    const shares = settings.label && typeof settings.label === "object" ? Object.entries(settings.label) : [];
    if (shares.length === 2) [["from", shares[0][0]], ["to", shares[1][0]], ["mix", shares[1][1]]].forEach((each) => put(...each));
    else if (settings.label !== null) [["from", settings.label], ["mix", 0]].forEach((each) => put(...each));
    const told = strip.querySelector("[data-key=told]");
    if (told) told.checked = settings.pitch !== null || settings.loudness !== null;
    if (settings.pitch !== null) put("pitch", 69 + 12 * Math.log2(Number(settings.pitch) / 440));
    if (settings.loudness !== null) put("loudness", settings.loudness);
  }
  texts(strip);
}

// Send what is changed, of each voice at most once in OFTEN ms, and the last of it always.
function change(voice, made) {
  const soon = waiting.get(voice);
  waiting.set(voice, { ...soon, ...made });
  if (soon) return;
  flush(voice);
}

function flush(voice) {
  const to = waiting.get(voice);
  if (!Object.keys(to).length) {
    waiting.delete(voice);
    return;
  }
  const id = asked++;
  if (now && now.playing) unanswered.push({ id, voice, at: performance.now() });
  if (unanswered.length > 50) unanswered.shift();
  send({ set: voice, id, to });
  waiting.set(voice, {});
  setTimeout(() => flush(voice), OFTEN);
}

strips.forEach((strip, voice) => {
  let before = settings(strip);
  const moved = ({ target }) => {
    texts(strip);
    if (target.dataset.key === "fader") return faders();
    if (["pitch", "loudness"].includes(target.dataset.key)) strip.querySelector("[data-key=told]").checked = true;
    const after = settings(strip), made = {};
    for (const key in after) if (JSON.stringify(after[key]) !== JSON.stringify(before[key])) made[key] = after[key];
    if (target.dataset.key !== "seed") delete made.seed;
    before = after;
    if (Object.keys(made).length) change(voice, made);
  };
  for (const control of strip.querySelectorAll("input, select")) control.addEventListener(control.dataset.key === "seed" ? "change" : "input", moved);
  texts(strip);
});

// What is shown and changes all the time, a few times a second.
function figures() {
  const late = context.outputLatency || context.baseLatency || 0;
  by("latency").textContent = `${Math.round(1000 * (heard.buffered + late))} ms`;
  by("dropouts").textContent = heard.dropouts;
  analyser.getFloatTimeDomainData(wave);
  const db = Math.max(-60, 10 * Math.log10(wave.reduce((sum, x) => sum + x * x, 0) / wave.length + 1e-9));
  by("level").value = db;
  by("db").textContent = `${db.toFixed(0).replace("-", "−")} dB`;
}

const picture = by("picture").getContext("2d"), wave = new Float32Array(2048), power = new Uint8Array(1024);
const top_ = Math.max(...voices.map((voice) => voice.rate)) / 2;
let column = null, turn = 0;

function draw() {
  requestAnimationFrame(draw);
  if (!now || !now.playing || muted || turn++ % 3) return;
  if (turn % 4 === 0) figures();
  analyser.getByteFrequencyData(power);
  const { width, height } = picture.canvas;
  column = column || picture.createImageData(1, height);
  for (let y = 0; y < height; y++) {
    const high = 700 * ((1 + top_ / 700) ** (1 - y / height) - 1); // evenly in mel
    const bin = Math.min(power.length - 1, Math.round(high * analyser.fftSize / context.sampleRate));
    column.data.set([10, 40, 80, power[bin]], 4 * y);
  }
  picture.globalCompositeOperation = "copy"; // nothing stays under what is moved
  picture.drawImage(picture.canvas, -1, 0);
  picture.putImageData(column, width - 1, 0);
}
connect();
