'use strict';
// Everything from the run is inserted as text, never as markup.
(() => {
const GROUPS = [
  ['failed', 'bad', ['failed']],
  ['stalled', 'bad', ['stalled']],
  ['writing: do not unplug', 'warn', ['writing']],
  ['fetching', 'soft', ['configuring', 'manifest', 'images']],
  ['restarting: do not unplug', 'warn', ['rebooted']],
  ['only seen', 'soft', ['seen']],
  ['up, no conversion in progress', 'good', ['up']],
  ['flashed', 'good', ['flashed']],
  ['confirmed', 'good', ['confirmed']],
  ['already converted', 'good', ['already']],
];
const STATES = ['seen', 'configuring', 'manifest', 'images', 'writing', 'rebooted', 'flashed',
  'confirmed', 'already', 'stalled', 'failed'];
const mayWrite = (it) => it.state === 'writing' || it.state === 'rebooted';
const isOver = (it) => it.done || it.up || it.state === 'failed';
// A phone that is up counts as that, whatever its state.
const standing = (it) => it.up ? 'up' : it.state;
const $ = (id) => document.getElementById(id);
const body = document.body;
const table = document.querySelector('table');
const rows = new Map();
let skew = 0, began = 0, ended = 0, awaited = 0, others = [0, 0], group = null, sought = '';

const make = (tag, look, text) => {
  const node = document.createElement(tag);
  if (look) node.className = look;
  if (text !== undefined) node.textContent = text;
  return node;
};
const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const two = (number) => String(number).padStart(2, '0');
const clock = (ms) => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
};
const short = (seconds) => `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
const size = (bytes) => bytes < 1e3 ? `${bytes} B`
  : bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
const ZONE = { timeZoneName: 'short' };
const time = (ms) => new Date(ms).toLocaleTimeString([], ZONE);
const dateTime = (ms) => new Date(ms).toLocaleString([], ZONE);
const now = () => ended || Date.now() + skew;
const phase = (name, text) => { body.dataset.phase = name; put($('phase'), text); };

const newRow = (id) => {
  const node = make('tbody');
  const first = node.insertRow(), second = node.insertRow();
  const cell = (look) => { const it = first.insertCell(); it.className = look; return it; };
  const row = { id, node, who: cell('who'), model: cell('model'), address: cell('address'),
    state: cell('state'), what: cell('what'), since: cell('since'), more: second.insertCell() };
  row.more.colSpan = 6;
  row.more.className = 'more';
  row.dot = make('i');
  row.word = make('span');
  row.state.append(row.dot, row.word);
  row.line = make('div', 'line');
  row.strip = make('div', 'strip');
  row.line.append(row.strip);
  row.diagnoses = make('div');
  row.more.append(row.line, row.diagnoses);
  return row;
};

const drawWho = (row) => {
  const it = row.data;
  row.who.replaceChildren();
  if (it.name) row.who.append(make('b', '', it.name));
  row.who.append(it.mac ? make('span', 'mac', it.mac) : make('span', 'soft', 'MAC unknown'));
  put(row.model, it.model || '');
  put(row.address, it.address);
  row.dot.style.background = `var(--${it.state})`;
  put(row.word, standing(it));
  row.word.className = it.color === 'warn' && !mayWrite(it) ? '' : it.color;
  row.state.title = it.meaning;
  row.node.className = it.color;
  Object.assign(row.node.dataset, { id: it.id, mac: it.mac || '', address: it.address,
    state: it.state, load: it.load || '' });
};

const drawWhat = (row) => {
  const it = row.data, file = it.moving.file, waiting = it.moving.waiting;
  row.what.replaceChildren();
  if (it.done && it.load) row.what.append(make('div', 'file', it.load));
  if (mayWrite(it)) row.what.append(make('div', 'urgent', it.meaning));
  else if (!file && !(waiting && it.state !== 'images')) row.what.append(reason(it));
  if (it.restart) row.what.append(make('div', 'soft', it.restart));
  if (waiting && it.state !== 'images') {
    row.what.append(make('div', 'soft', `${waiting.what}: within ${short(waiting.left)}`));
  }
  if (!file) return;
  const place = file.at ? `${file.at}/${file.of} ` : '';
  const bar = make('div', 'bar'), outer = make('span'), inner = make('i');
  const part = file.size ? Math.min(1, file.bytes / file.size) : 0;
  inner.style.width = `${(part * 100).toFixed(1)}%`;
  outer.append(inner);
  bar.append(outer, make('span', '', `${size(file.bytes)} of ${size(file.size)}`));
  const line = make('div', 'moving');
  line.append(make('span', 'file', place + file.name), bar);
  row.what.append(line);
};

// The reason of the state; other evidence is folded away below it.
const reason = (it) => {
  const text = it.reason || it.meaning;
  if (!it.evidence.length) return make('div', 'soft reason', text);
  const node = make('details'), list = make('ul');
  list.append(...it.evidence.map((other) => make('li', '', other)));
  node.append(make('summary', 'reason', text), list);
  return node;
};

const drawDiagnoses = (row) => {
  row.diagnoses.replaceChildren(...row.data.diagnoses.map(diagnosis));
};
const diagnosis = (it) => {
  const node = make('div', 'diagnosis');
  node.append(make('b', '', it.code), ` ${it.evidence}`, make('div', 'cure', it.cure));
  return node;
};

// The end of the last state: now while the phone is under way, and shortly after its start where
// nothing follows.
const stripEnd = (it) => {
  const last = it.spans[it.spans.length - 1], first = it.spans[0];
  if (!isOver(it) && !ended) return Math.max(now(), last[2]);
  return Math.max(last[2], last[1] + (last[1] - first[1]) * 0.06, first[1] + 1);
};
const drawStrip = (row) => {
  const it = row.data;
  row.strip.replaceChildren(...it.spans.map(([state, from, to], at) => {
    const node = make('i');
    node.style.background = `var(--${state})`;
    node.title = at < it.spans.length - 1 ? `${state} for ${clock(to - from)}` : state;
    return node;
  }));
  row.strip.setAttribute('role', 'img');
  row.strip.setAttribute('aria-label', it.spans.map((span) => span[0]).join(', '));
  row.marks = it.marks.map(([at, code, past]) => {
    const node = make('b', past ? 'past' : '', past ? '△' : '▼');
    node.title = `${code}${past ? ' withdrawn' : ''} after ${clock(at - it.spans[0][1])}`;
    return node;
  });
  if (!it.spans.length) row.marks = [];
  row.line.replaceChildren(row.strip, ...row.marks);
  row.line.classList.toggle('marked', row.marks.length > 0);
  tick(row);
};
const tick = (row) => {
  const it = row.data;
  if (it.spans.length) {
    const first = it.spans[0][1], end = stripEnd(it), whole = Math.max(1, end - first);
    it.spans.forEach(([, from, to], at) => {
      const until = at < it.spans.length - 1 ? to : end;
      row.strip.children[at].style.flexGrow = String(Math.max(1, until - from));
    });
    row.marks.forEach((node, at) => {
      node.style.left = `${Math.min(99, Math.max(1, (it.marks[at][0] - first) / whole * 100))}%`;
    });
  }
  const word = it.done ? 'took' : 'after';
  put(row.since, ended || isOver(it) ? `${word} ${clock(it.since - it.first_seen)}` : clock(now() - it.since));
  const seen = ended ? `first seen ${time(it.first_seen)}, last seen ${time(it.last_seen)}` : `first seen ${time(it.first_seen)}`;
  row.since.title = `${standing(it)} since ${time(it.since)}, ${seen}`;
};

const change = (data) => {
  let row = rows.get(data.id);
  if (!row) rows.set(data.id, row = newRow(data.id));
  row.data = data;
  row.text = [data.name, data.mac, data.address, data.model, data.state,
    ...data.diagnoses.map((it) => it.code)].join(' ').toLowerCase();
  drawWho(row);
  drawWhat(row);
  drawDiagnoses(row);
  drawStrip(row);
};
const move = ({ id, file, waiting }) => {
  const row = rows.get(id);
  if (!row) return;
  row.data.moving = { file, waiting };
  drawWhat(row);
};

// Phones that need attention come first; nodes that stay in place are not touched.
const order = () => {
  const sorted = [...rows.values()].sort((a, b) => a.data.rank - b.data.rank || a.id - b.id);
  let before = table.tBodies[0] || null;
  for (const row of sorted) {
    if (before === row.node) before = before.nextElementSibling;
    else table.insertBefore(row.node, before);
  }
};
const count = () => {
  const chips = GROUPS.map(([name, look, states]) => {
    const number = [...rows.values()].filter((row) => states.includes(standing(row.data))).length;
    return [name, look, number];
  });
  const box = $('counts');
  for (const [name, look, number] of chips) {
    let chip = [...box.children].find((it) => it.dataset.group === name);
    if (!number) { if (chip) chip.remove(); if (group === name) group = null; continue; }
    if (!chip) {
      chip = make('button', look);
      chip.type = 'button';
      chip.dataset.group = name;
      chip.append(make('b'), make('span', '', name));
      chip.addEventListener('click', () => { group = group === name ? null : name; select(); });
      const at = chips.findIndex((it) => it[0] === name);
      const after = [...box.children].find((it) => chips.findIndex((c) => c[0] === it.dataset.group) > at);
      box.insertBefore(chip, after || null);
    }
    put(chip.firstChild, String(number));
  }
};
const select = () => {
  const states = group && GROUPS.find((it) => it[0] === group)[2];
  for (const row of rows.values()) {
    row.node.hidden = Boolean(states && !states.includes(standing(row.data))) || !row.text.includes(sought);
  }
  for (const chip of $('counts').children) chip.setAttribute('aria-pressed', String(chip.dataset.group === group));
};

// Phones whose MAC is not known yet are some of those that are missing by name.
const drawMissing = (missing) => {
  const head = awaited < missing.length ? `${awaited} of these not seen yet` : `${awaited} not seen yet`;
  put($('missing'), missing.length ? `${head}: ${missing.join(', ')}` : head);
  $('missing').hidden = !awaited;
};
const head = ({ run, notices, diagnoses, awaited: number, unexpected, missing }) => {
  awaited = number;
  others = unexpected;
  drawMissing(missing);
  if (run) {
    began = run.began;
    const facts = run.stages.map((it) =>
      `${it.bridge ? 'bridge' : 'bundle'} ${it.bundle}: ${it.load} for ${it.models}`);
    facts.push(`TFTP on ${run.tftp}${run.http ? `, HTTP on ${run.http}` : ''}, since ${dateTime(began)}`);
    if (run.journal) facts.push(`journal: ${run.journal}`);
    $('facts').replaceChildren(...facts.map((text) => make('div', '', text)));
  }
  $('notices').replaceChildren(...notices.map((text) => make('p', '', text)),
    ...diagnoses.map((it) => { const node = make('p', 'bad'); node.append(diagnosis(it)); return node; }));
};

const take = (message, whole) => {
  skew = message.now - Date.now();
  if (whole) { for (const row of rows.values()) row.node.remove(); rows.clear(); }
  if (message.head) head(message.head);
  message.phones.forEach(change);
  (message.moved || []).forEach(move);
  if (message.phones.length || whole) { order(); count(); select(); }
  $('none').hidden = rows.size > 0;
  const done = sum();
  document.title = done ? `${done} – reflash` : 'reflash';
  put($('done'), done);
  body.dataset.received = String(Number(body.dataset.received) + 1);
};
const sum = () => {
  const all = [...rows.values()];
  const done = all.filter((row) => row.data.done).length;
  const bad = all.filter((row) => row.data.color === 'bad').length;
  if (!all.length) return '';
  return `${done - others[1]} of ${all.length - others[0] + awaited} done${bad ? `, ${bad} need attention` : ''}`;
};

const save = (link, text, kind) => {
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
};
const finish = (message, source) => {
  ended = message.now;
  take(message, true);
  $('missing').hidden = true;
  const { at, totals, missing, next_steps: nextSteps, report } = message.finished;
  phase('ended', `ended at ${time(at)}. ${totals}`);
  const list = (title, texts) => {
    if (!texts.length) return [];
    const items = make('ul');
    items.append(...texts.map((text) => make('li', '', text)));
    return [make('h2', '', title), items];
  };
  $('end').replaceChildren(...list('Expected, but never seen', missing),
    ...list('What to do next', nextSteps),
    make('p', 'soft', 'The server has stopped. This page keeps its content while it is open.'));
  $('paper').classList.add('off');
  save($('json'), JSON.stringify({ version: 1, report }) + '\n', 'application/json');
  // The server waits a moment for this request, then stops.
  fetch('/report.html').then((answer) => answer.ok ? answer.text() : Promise.reject(answer.status))
    .then((text) => { save($('paper'), text, 'text/html'); $('paper').classList.remove('off'); })
    .catch(() => $('paper').remove())
    .finally(() => { source.close(); body.dataset.finished = 'true'; });
};

const follow = () => {
  const source = new EventSource('/events');
  const on = (name, act) => source.addEventListener(name, (event) => act(JSON.parse(event.data)));
  source.onopen = () => phase('live', 'live');
  on('whole', (message) => take(message, true));
  on('news', (message) => take(message, false));
  on('finished', (message) => finish(message, source));
  source.onerror = () => {
    if (ended) return;
    if (source.readyState === EventSource.CLOSED) {
      // The browser does not retry after a refusal.
      phase('lost', 'too many pages follow this run: close one. Retrying.');
      setTimeout(follow, 5000);
    } else if (body.dataset.phase !== 'lost') {
      phase('lost', `no answer since ${time(Date.now())}, retrying. If the run has ended, its terminal has the report.`);
    }
  };
};

$('legend').replaceChildren(...STATES.map((state) => {
  const item = make('li', '', state), dot = make('i');
  dot.style.background = `var(--${state})`;
  item.prepend(dot);
  return item;
}));
$('find').addEventListener('input', (event) => { sought = event.target.value.trim().toLowerCase(); select(); });
setInterval(() => { if (!ended && !document.hidden) for (const row of rows.values()) if (!isOver(row.data)) tick(row); }, 1000);
follow();
})();
