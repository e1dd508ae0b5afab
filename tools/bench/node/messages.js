// Messages between a primary and its workers, as message_bench.cc measures
// them: node messages.js json|advanced MEASURE BYTES SECONDS WARM_SECONDS
'use strict';
const fs = require('fs');
const cluster = require('cluster');

const [serialization, measure, bytesText, secondsText, warmText] =
  process.argv.slice(2);
const bytes = Number(bytesText);
const now = () => Number(process.hrtime.bigint()) / 1e9;
const windowFor = () =>
  Math.min(1024, Math.max(4, Math.floor((1 << 20) / bytes)));

// Sends with a callback for each message, and keeps a window on the way.
function pump(seconds, send) {
  return new Promise((resolve) => {
    const until = now() + seconds;
    let onTheWay = 0;
    let sent = 0;
    const next = () => {
      if (now() >= until) {
        if (onTheWay === 0) resolve(sent);
        return;
      }
      onTheWay++;
      sent++;
      send(() => {
        onTheWay--;
        next();
      });
    };
    for (let left = windowFor(); left > 0; left--) next();
  });
}

function worker() {
  const text = 'x'.repeat(bytes);
  let count = 0;
  process.on('message', (message) => {
    if (typeof message === 'string') {
      count++;
      return;
    }
    if (message.echo !== undefined) process.send(message.echo);
    if (message.count) {
      process.send({ counted: count });
      count = 0;
    }
    if (message.pump) {
      pump(message.pump, (done) => process.send(text, done)).then((sent) =>
        process.send({ pumped: sent }));
    }
  });
}

function cpuOf(pid) {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function primary() {
  cluster.setupPrimary({ serialization });
  const workers = [];
  for (let i = 0; i < (measure === 'broadcast' ? 16 : 1); i++) {
    workers.push(cluster.fork());
  }
  await Promise.all(workers.map((w) =>
    new Promise((resolve) => w.once('online', resolve))));
  const ask = (w, message, key) => new Promise((resolve) => {
    const take = (answer) => {
      if (typeof answer !== 'object' || answer[key] === undefined) return;
      w.off('message', take);
      resolve(answer[key]);
    };
    w.on('message', take);
    w.send(message);
  });
  const cpu = () => [process.pid, ...workers.map((w) => w.process.pid)]
    .reduce((sum, pid) => sum + cpuOf(pid), 0);
  const text = 'x'.repeat(bytes);
  let trips = [];

  const measures = {
    async down(seconds) {
      await pump(seconds, (done) => workers[0].send(text, done));
      return ask(workers[0], { count: true }, 'counted');
    },
    async up(seconds) {
      let heard = 0;
      const take = () => { heard++; };
      workers[0].on('message', take);
      const sent = await ask(workers[0], { pump: seconds }, 'pumped');
      workers[0].off('message', take);
      if (heard < sent) throw new Error('lost');
      return sent;
    },
    round_trip(seconds) {
      trips = [];
      const until = now() + seconds;
      return new Promise((resolve) => {
        let sent = 0;
        const send = () => {
          sent = now();
          workers[0].send({ echo: text });
        };
        workers[0].on('message', function take() {
          trips.push((now() - sent) * 1e6);
          if (now() < until) return send();
          workers[0].off('message', take);
          resolve(trips.length);
        });
        send();
      });
    },
    async broadcast(seconds) {
      await pump(seconds, (done) => {
        let left = workers.length;
        const one = () => { if (--left === 0) done(); };
        for (const w of workers) w.send(text, one);
      });
      let count = 0;
      for (const w of workers) {
        count += await ask(w, { count: true }, 'counted');
      }
      return count / workers.length;
    },
  };

  await measures[measure](Number(warmText));
  const cpuBefore = cpu();
  const begin = now();
  const count = await measures[measure](Number(secondsText));
  const elapsed = now() - begin;
  const result = { rate: count / elapsed,
                   cpu_us: (cpu() - cpuBefore) * 1e6 / count };
  if (trips.length > 0) {
    trips.sort((a, b) => a - b);
    const at = (q) => trips[Math.min(trips.length - 1,
                                     Math.floor(q * trips.length))];
    Object.assign(result, { p50_us: at(0.5), p99_us: at(0.99),
                            max_us: trips[trips.length - 1] });
  }
  console.log(JSON.stringify(result));
  for (const w of workers) w.kill('SIGKILL');
  process.exit(0);
}

if (cluster.isPrimary) primary();
else worker();
