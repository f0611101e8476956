"use strict";
// The blind comparison. Its sounds are cut to the shorter one of a pair and faded, so that length tells nothing.
const FADE = 0.01, PAUSE = 0.45, LEAD = 0.05; // seconds
const box = document.getElementById("blind-box");
let context = null, sounding = [], timers = [], session = null, turn = 0;

function hush() {
  for (const source of sounding) source.stop();
  timers.forEach(clearTimeout);
  [sounding, timers, turn] = [[], [], turn + 1];
  for (const part of document.querySelectorAll(".pair > div")) part.classList.remove("sounding");
}

function shuffled(list) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

function make(tag, text, settings = {}) {
  const element = Object.assign(document.createElement(tag), settings);
  element.append(...[text].flat());
  return element;
}

async function hear(which) {
  audio.pause();
  hush();
  const mine = turn;
  context ??= new AudioContext();
  await context.resume();
  const pair = session.trials[session.votes.length].sounds;
  const seconds = Math.min(...pair.map((index) => data.sounds[index].until));
  const decoded = await Promise.all(pair.map((index) =>
    context.decodeAudioData(Uint8Array.from(atob(data.sounds[index].mp3), (c) => c.charCodeAt(0)).buffer)));
  if (mine !== turn) return; // meanwhile something else was asked for
  let start = context.currentTime + LEAD;
  for (const part of which) {
    const source = context.createBufferSource(), gain = context.createGain();
    source.buffer = decoded[part];
    source.connect(gain).connect(context.destination);
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(1, start + FADE);
    gain.gain.setValueAtTime(1, Math.max(start + FADE, start + seconds - FADE));
    gain.gain.linearRampToValueAtTime(0, start + Math.max(seconds, 2 * FADE));
    source.start(start, 0, seconds);
    sounding.push(source);
    const light = (on) => () => document.getElementById(`part-${part}`)?.classList.toggle("sounding", on);
    const from = 1000 * (start - context.currentTime);
    timers.push(setTimeout(light(true), from), setTimeout(light(false), from + 1000 * seconds));
    start += seconds + PAUSE;
  }
}

function begin(index) {
  const chosen = data.blind[index];
  const trials = shuffled(chosen.pairs).map((pair) => {
    const order = shuffled([0, 1]);
    return { order, sounds: order.map((side) => pair[side]) };
  });
  session = { chosen, trials, votes: [] };
  ask();
}

function ask() {
  const number = session.votes.length, total = session.trials.length;
  const part = (i) => make("div", [
    make("strong", `${i + 1}`),
    make("button", "▶ Hear it", { type: "button", onclick: () => hear([i]), ariaLabel: `Hear sound ${i + 1}` }),
    make("button", ["This one ", make("kbd", `${i + 1}`)], { type: "button", className: "primary", onclick: () => vote(i) }),
  ], { id: `part-${i}` });
  const said = make("p", `Pair ${number + 1} of ${total}. ${session.chosen.question}`, { id: "asked" });
  box.replaceChildren(said, make("div", [part(0), part(1)], { className: "pair" }), make("div", [
    make("button", ["Hear both ", make("kbd", "Space")], { type: "button", onclick: () => hear([0, 1]) }),
    make("button", "Stop here", { type: "button", onclick: result }),
  ], { className: "row" }));
  box.focus();
  hear([0, 1]);
}

function vote(part) {
  session.votes.push(part);
  if (session.votes.length < session.trials.length) ask();
  else result();
}

// Wilson's 95 % interval for `k` of `n`
function interval(k, n) {
  const z = 1.96, p = k / n, wide = 1 + z * z / n, middle = p + z * z / (2 * n);
  const half = z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return [middle - half, middle + half].map((v) => `${Math.round(100 * Math.max(0, Math.min(1, v / wide)))}`);
}

function result() {
  hush();
  const { chosen, trials, votes } = session;
  session = null;
  const chose = votes.map((part, i) => trials[i].order[part]), n = votes.length;
  const columns = ["pair", "sound 1", "sound 2", "voted", chosen.right === null ? "which was" : "right"];
  const rows = votes.map((part, i) => [`${i + 1}`, ...trials[i].sounds.map((sound) => data.sounds[sound].title),
    `${part + 1}`, chosen.right === null ? chosen.kinds[chose[i]] : chose[i] === chosen.right ? "yes" : "no"]);
  const k = chose.filter((side) => side === (chosen.right ?? 0)).length;
  const [low, high] = n ? interval(k, n) : [];
  const verb = chosen.right === null ? `${chosen.kinds[0]} chosen over ${chosen.kinds[1]} in` : "Right in";
  const told = !n ? "No votes." : `${verb} ${k} of ${n} (${Math.round(100 * k / n)} %; 95 % interval ${low} to ${high} %). `
    + (low > 50 ? "That is more than chance explains." : high < 50 ? "That is less than chance explains." : "That is what guessing could give.");
  const table = make("table", [
    make("caption", told, { className: "unseen" }),
    make("thead", make("tr", columns.map((name) => make("th", name, { scope: "col" })))),
    make("tbody", rows.map((row) => make("tr", row.map((cell) => make("td", cell))))),
  ]);
  const quote = (cell) => `"${cell.replaceAll('"', '""')}"`;
  const csv = [columns, ...rows].map((row) => row.map(quote).join(",")).join("\r\n") + "\r\n";
  const link = make("a", "Save as CSV", { download: "blind.csv", href: URL.createObjectURL(new Blob([csv], { type: "text/csv" })) });
  const said = make("p", make("strong", told), { id: "asked" });
  box.replaceChildren(said, make("div", table, { className: "scroll" }), make("div", [
    ...(n ? [link] : []), make("button", "Again", { type: "button", onclick: offer })], { className: "row" }));
  box.focus();
}

function offer() {
  const menu = make("select", data.blind.map((each, i) => make("option", each.title, { value: i })), { id: "kind" });
  box.replaceChildren(make("label", "Compare", { htmlFor: "kind", id: "asked" }), menu,
    make("button", "Begin", { type: "button", className: "primary", onclick: () => begin(menu.value) }));
}

audio.addEventListener("play", hush);
if (box) {
  box.tabIndex = -1; // what is asked gets the focus, and is read
  box.setAttribute("role", "group");
  box.setAttribute("aria-labelledby", "asked");
  offer();
  addEventListener("keydown", (event) => {
    if (!session || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("pre, select, .scrub")) return;
    if (event.key === "1" || event.key === "2") vote(event.key - 1);
    else if (event.key === " " && !event.target.closest("button, a, summary")) hear([0, 1]);
    else return;
    event.preventDefault();
  });
}
