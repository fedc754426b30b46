// Keeps the page as it would be if it were loaded now.

import { tick } from "./ages.js";

const AGAIN_MS = 3000;
const OLD = "This may be old: the daemon does not answer, or you have to sign in again. Load it.";
const SCROLLED = 200;
let newest = 0;
let waiting = 0;
let loading = false;

function live() {
  return document.getElementById("live");
}

// Somebody reads who has scrolled down, marked some text, or is at a link by keyboard.
function reads() {
  return window.scrollY > SCROLLED || String(getSelection()) !== "" || live().contains(document.activeElement);
}

function say(text) {
  const news = document.querySelector(".news a");
  news.textContent = text;
  news.hidden = text === "";
}

// Returns whether there was something to show.
async function load() {
  loading = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected || !answer.ok) return false;
    const loaded = new DOMParser().parseFromString(await answer.text(), "text/html");
    live().replaceWith(loaded.getElementById("live"));
    document.title = loaded.title;
    waiting = newest > Number(live().dataset.look) ? 1 : 0;
    say("");
    tick();
    return true;
  } finally {
    loading = false;
  }
}

async function changed(number) {
  if (number !== newest) waiting += 1;
  newest = number;
  await catchUp();
}

async function catchUp() {
  if (loading || waiting === 0) return;
  if (reads()) {
    say(`${waiting} ${waiting === 1 ? "update waits" : "updates wait"}. Show.`);
    return;
  }
  try {
    if (!(await load())) say(OLD);
  } catch {
    // The daemon went meanwhile; listening again tells when it is back.
  }
}

function listen() {
  const source = new EventSource(live().dataset.changes);
  source.addEventListener("open", () => say(""));
  source.addEventListener("message", (event) => changed(Number(event.data)));
  source.addEventListener("error", () => {
    say(OLD);
    source.close();
    setTimeout(listen, AGAIN_MS);
  });
}

document.querySelector(".news a").addEventListener("click", (event) => {
  event.preventDefault();
  window.scrollTo(0, 0);
  getSelection().removeAllRanges();
  load().then((loaded) => loaded || location.reload(), () => location.reload());
});

newest = Number(live().dataset.look);
setInterval(catchUp, 1000);
listen();
