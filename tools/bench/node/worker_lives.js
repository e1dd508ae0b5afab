// How fast workers begin and are missed, as lives/worker_lives.cc measures it:
// node worker_lives.js COUNT
'use strict';
const fs = require('fs');
const net = require('net');
const cluster = require('cluster');

const WORKERS = 4;
const count = Number(process.argv[2]);
const now = () => Number(process.hrtime.bigint()) / 1e3;
const once = (emitter, event) =>
  new Promise((resolve) => emitter.once(event, resolve));

function pssKb(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+)/m.exec(text)[1]);
}

function four() {
  const workers = [];
  for (let i = 0; i < WORKERS; i++) workers.push(cluster.fork());
  return Promise.all(workers.map((w) => once(w, 'listening'))).then(
    () => workers);
}

function killAll(workers) {
  const ends = workers.map((w) => once(w, 'exit'));
  for (const w of workers) w.process.kill('SIGKILL');
  return Promise.all(ends);
}

async function primary() {
  const samples = { online_us: [], four_us: [], noticed_us: [],
                    replaced_us: [], pss_kb: [] };
  for (let i = 0; i < count; i++) {
    const begin = now();
    const worker = cluster.fork();
    await once(worker, 'online');
    samples.online_us.push(now() - begin);
    await killAll([worker]);
  }
  let workers = [];
  for (let i = 0; i < count; i++) {
    await killAll(workers);
    const begin = now();
    workers = await four();
    samples.four_us.push(now() - begin);
  }
  for (let i = 0; i < count; i++) {
    const ended = new Promise((resolve) => {
      const begin = now();
      workers[0].once('exit', () => {
        samples.noticed_us.push(now() - begin);
        workers[0] = cluster.fork();
        workers[0].once('listening', () => {
          samples.replaced_us.push(now() - begin);
          resolve();
        });
      });
      workers[0].process.kill('SIGKILL');
    });
    await ended;
  }
  samples.pss_kb = workers.map((w) => pssKb(w.process.pid));
  await killAll(workers);
  const medians = {};
  for (const [what, values] of Object.entries(samples)) {
    values.sort((a, b) => a - b);
    medians[what] = values[Math.floor(values.length / 2)];
  }
  console.log(JSON.stringify(medians));
}

if (cluster.isPrimary) primary();
else net.createServer(() => {}).listen(0);
