"use strict";
// Plays the tunes with oscillators and lights up the notes that sound. Times are in quarter notes.

const music = JSON.parse(document.getElementById("music").textContent);
const AHEAD = 1.5; // seconds that are scheduled before they sound; background tabs wake up once a second
const REVERBERATION = 0.9;

let studio = null; // made at the first click: browsers allow no sound before
let playing = null;

function openStudio() {
  if (studio) return studio;
  const context = new AudioContext();
  const { harmonics } = music.timbre;
  const wave = context.createPeriodicWave(
    new Float32Array(harmonics.length + 1), new Float32Array([0, ...harmonics]));
  const room = context.createConvolver();
  const count = Math.round(REVERBERATION * context.sampleRate);
  const echo = context.createBuffer(2, count, context.sampleRate);
  for (let channel = 0; channel < 2; channel++) {
    const samples = echo.getChannelData(channel);
    let low = 0;
    for (let i = 0; i < count; i++) {
      low += 0.35 * (2 * Math.random() - 1 - low);
      samples[i] = low * Math.exp(-6.9 * i / count);
    }
  }
  room.buffer = echo;
  const wet = context.createGain();
  wet.gain.value = 0.22;
  room.connect(wet).connect(context.destination);
  studio = { context, wave, room };
  return studio;
}

class Player {
  constructor(article, tune) {
    this.tune = tune;
    this.button = article.querySelector(".play");
    this.slider = article.querySelector(".position");
    this.clock = article.querySelector(".time");
    this.tempo = article.querySelector(".tempo");
    this.beats = article.querySelector("output");
    this.loop = article.querySelector(".loop");
    this.position = 0; // where it goes on when it plays again
    this.next = 0; // the first note that is not scheduled yet
    this.lit = [];
    this.heads = tune.notes.map((note) =>
      note[3].map((id) => document.getElementById(id)).filter(Boolean));
    this.slider.max = tune.length;
    this.button.addEventListener("click", () => (playing === this ? this.pause() : this.play()));
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    this.tempo.addEventListener("input", () => this.seek(this.now()));
    this.heads.forEach((heads, i) => heads.forEach((head) => {
      head.addEventListener("click", () => {
        // A note in a repeat sounds several times: the first of them.
        const first = this.heads.findIndex((others) => others.includes(head));
        if (first === i) { this.seek(tune.notes[i][0]); if (playing !== this) this.play(); }
      });
    }));
    this.show();
  }

  get speed() { return this.tune.tempo * this.tempo.value / 100 / 60; } // quarters a second

  now() {
    if (playing !== this) return this.position;
    const gone = Math.max(0, studio.context.currentTime - this.startedAt);
    return Math.min(this.tune.length, this.position + gone * this.speedThen);
  }

  async play() {
    if (playing) playing.pause();
    const { context } = openStudio();
    playing = this;
    this.button.textContent = "❚❚ Pause";
    this.button.setAttribute("aria-pressed", "true");
    await context.resume();
    if (playing !== this) return;
    if (this.position >= this.tune.length) this.position = 0;
    this.start();
    this.timer = setInterval(() => this.schedule(), 200);
    const draw = () => {
      if (playing !== this) return;
      if (this.now() >= this.tune.length) { this.end(); return; }
      this.show();
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  start() {
    const { context, room } = studio;
    this.out = context.createGain();
    this.out.gain.value = 0.3;
    this.out.connect(context.destination);
    this.out.connect(room);
    this.startedAt = context.currentTime + 0.06;
    this.speedThen = this.speed;
    this.next = this.tune.notes.findIndex((note) => note[0] >= this.position - 1e-6);
    if (this.next < 0) this.next = this.tune.notes.length;
    this.schedule();
  }

  hush() {
    if (!this.out) return;
    const { context } = studio;
    const out = this.out;
    out.gain.setTargetAtTime(0, context.currentTime, 0.015);
    setTimeout(() => out.disconnect(), 200);
    this.out = null;
  }

  schedule() {
    const until = studio.context.currentTime + AHEAD;
    for (; this.next < this.tune.notes.length; this.next++) {
      const [onset, duration, pitch, , strong] = this.tune.notes[this.next];
      const at = this.startedAt + (onset - this.position) / this.speedThen;
      if (at > until) return;
      this.sound(at, duration / this.speedThen, pitch, strong ? 1 : 0.8);
    }
  }

  sound(at, seconds, pitch, loudness) {
    const { context, wave } = studio;
    const { attack, release, decay } = music.timbre;
    const oscillator = new OscillatorNode(context, {
      type: "custom", periodicWave: wave, frequency: 440 * 2 ** ((pitch - 69) / 12),
    });
    const gain = new GainNode(context, { gain: 0 });
    const end = at + Math.max(seconds, attack);
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(loudness, at + attack);
    // Of an exponential fall, the time constant is the time to -60 dB divided by 6.9.
    if (decay) gain.gain.setTargetAtTime(0, at + attack, decay / 6.9 * 2 ** ((60 - pitch) / 24));
    gain.gain.setTargetAtTime(0, end, release / 4);
    let last = oscillator;
    if (decay) { // high harmonics of a string fade first
      const dull = new BiquadFilterNode(context, { type: "lowpass", frequency: 9000 });
      dull.frequency.setValueAtTime(9000, at);
      dull.frequency.exponentialRampToValueAtTime(1500, at + 0.9);
      last = oscillator.connect(dull);
    }
    last.connect(gain).connect(this.out);
    oscillator.start(at);
    oscillator.stop(end + 2 * release);
  }

  pause() {
    const position = this.now();
    clearInterval(this.timer);
    this.hush();
    playing = null;
    this.position = position;
    this.button.textContent = "▶ Play";
    this.button.setAttribute("aria-pressed", "false");
    this.show();
  }

  end() {
    if (this.loop.checked) { this.seek(0); this.play(); return; }
    this.pause();
    this.position = 0;
    this.show();
  }

  seek(position) {
    const was = playing === this;
    if (was) this.hush();
    this.position = position;
    if (was) this.start();
    this.show();
  }

  show() {
    const now = this.now();
    const { notes, length, tempo, beat, mark } = this.tune;
    const lit = playing !== this ? [] : notes.flatMap((note, i) =>
      note[0] <= now && now < note[0] + note[1] ? this.heads[i] : []);
    for (const head of this.lit) if (!lit.includes(head)) head.classList.remove("on");
    for (const head of lit) if (!this.lit.includes(head)) head.classList.add("on");
    if (lit.length && lit[0] !== this.lit[0]) this.follow(lit[0]);
    this.lit = lit;
    this.slider.value = now;
    const clock = (quarters) => {
      const seconds = Math.floor(quarters / this.speed + 1e-6);
      return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    };
    this.clock.textContent = `${clock(now)} / ${clock(length)}`;
    this.slider.setAttribute("aria-valuetext", this.clock.textContent);
    this.beats.textContent = `${mark} = ${Math.round(tempo / beat * this.tempo.value / 100)}`;
  }

  follow(head) {
    const { top, bottom } = head.getBoundingClientRect();
    if (top >= 0 && bottom <= innerHeight) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    head.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }
}

document.querySelectorAll("article").forEach((article, i) => {
  new Player(article, music.tunes[i]);
  const button = article.querySelector(".copy");
  const text = article.querySelector("pre");
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch { // where a page from disk may not: the older way, which needs the text to be seen
      article.querySelector("details").open = true;
      getSelection().selectAllChildren(text);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
});
