"use strict";
// Plays voices, each from a ring of its own, resampled to the rate of the output, and counts where one ran dry.
const SIZE = 1 << 17, HALF = 16, PHASES = 128, REPORT = 6; // samples of a ring; of half a kernel; of a sample; blocks

function kernel(cutoff) {
  // A sinc in a Hann window, HALF samples to either side, at PHASES places between two samples.
  const table = new Float32Array((PHASES + 2) * 2 * HALF);
  for (let phase = 0; phase < PHASES + 2; phase++) {
    for (let tap = 0; tap < 2 * HALF; tap++) {
      const x = tap - HALF + 1 - phase / PHASES, y = Math.PI * cutoff * x;
      const window = Math.abs(x) < HALF ? 0.5 + 0.5 * Math.cos(Math.PI * x / HALF) : 0;
      table[phase * 2 * HALF + tap] = cutoff * window * (y ? Math.sin(y) / y : 1);
    }
  }
  return table;
}

class Voice {
  constructor(rate) {
    this.rate = rate;
    this.step = rate / sampleRate;
    this.table = kernel(0.95 * Math.min(1, sampleRate / rate));
    this.ring = new Float32Array(SIZE);
    this.gain = this.wanted = 1;
    this.last = 0;
    this.begin(0);
  }

  begin(at) {
    this.ring.fill(0);
    this.read = this.write = at;
    this.sounding = false;
    this.fade = 0;
  }

  put(first, samples, lead) {
    if (first !== this.write) this.begin(first); // it came later, or was left out
    for (let i = 0; i < samples.length; i++) this.ring[this.write++ & (SIZE - 1)] = samples[i] / 32768;
    const most = this.read + (lead + 0.5) * this.rate;
    if (this.write > most) this.read = this.write - lead * this.rate;
  }

  sample() {
    const at = Math.floor(this.read), place = (this.read - at) * PHASES, phase = Math.floor(place);
    const part = place - phase, here = phase * 2 * HALF, next = here + 2 * HALF;
    let sum = 0;
    for (let tap = 0; tap < 2 * HALF; tap++) {
      const weight = this.table[here + tap] + part * (this.table[next + tap] - this.table[here + tap]);
      sum += weight * this.ring[(at + tap - HALF + 1) & (SIZE - 1)];
    }
    this.read += this.step;
    this.fade = Math.min(1, this.fade + 0.01);
    return sum * this.fade;
  }

  // Add so many frames to `out`; return whether it ran dry.
  add(out, lead) {
    let dry = false;
    if (!this.sounding && this.write - this.read >= lead * this.rate) this.sounding = true;
    for (let i = 0; i < out.length; i++) {
      if (this.sounding && this.read + HALF + 1 > this.write) {
        this.sounding = false;
        this.fade = 0;
        dry = true;
      }
      this.last = this.sounding ? this.sample() : this.last * 0.99; // a sound that breaks off fades, no click
      this.gain += 0.002 * (this.wanted - this.gain);
      out[i] += this.gain * this.last;
    }
    return dry;
  }
}

class Mixer extends AudioWorkletProcessor {
  constructor(options) {
    super();
    this.voices = options.processorOptions.rates.map((rate) => new Voice(rate));
    this.epoch = -1;
    this.playing = true;
    this.lead = this.usual = options.processorOptions.lead;
    this.dropouts = this.blocks = 0;
    this.port.onmessage = ({ data }) => this.hear(data);
  }

  hear(message) {
    if (message.gains) message.gains.forEach((gain, i) => { this.voices[i].wanted = gain; });
    if ("playing" in message) {
      this.playing = message.playing;
      this.lead = this.usual;
      if (!this.playing) for (const voice of this.voices) voice.begin(voice.write);
    }
    if (!message.samples) return;
    if (message.epoch !== this.epoch) {
      this.epoch = message.epoch;
      for (const voice of this.voices) voice.begin(0);
    }
    this.voices[message.voice].put(message.first, message.samples, this.lead);
  }

  process(inputs, [[out]]) {
    let dry = false;
    for (const voice of this.voices) dry = voice.add(out, this.lead) || dry;
    if (dry && this.playing) {
      this.dropouts++;
      this.lead = Math.min(0.4, this.lead + 0.02);
    }
    if (this.blocks++ % REPORT === 0) {
      const buffered = Math.min(...this.voices.map((voice) => (voice.write - voice.read) / voice.rate));
      const played = this.voices.map((voice) => Math.max(0, Math.floor(voice.read)));
      this.port.postMessage({ epoch: this.epoch, played, buffered, lead: this.lead, dropouts: this.dropouts });
    }
    return true;
  }
}

registerProcessor("mixer", Mixer);
