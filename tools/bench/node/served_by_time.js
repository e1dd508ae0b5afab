'use strict';
// The service model of the shoot-out in Node: a worker takes all connections at
// once and serves them one after the other, each for as many milliseconds as
// its request says ("GET /20"), by a timer (`timed`) or standing still
// (`blocking`); see served_by_time.c, which does the same.
//
// An answer comes up to two milliseconds late, as coarse as Node's timers are,
// but the next service begins when this one was to end: the capacity is the
// same.

const net = require('node:net');
const {run} = require('./canned.js');

const blocking = process.argv[4] === 'blocking';
const never = new Int32Array(new SharedArrayBuffer(4));

function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

run((port, worker) => {
  const answer = Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n` +
      `X-Worker: ${worker}\r\n\r\nok\n`);
  const queue = [];  // of {socket, endMs}, in the order in which they end
  let freeMs = 0;

  function startTimer() {
    setTimeout(onTime, Math.max(1, Math.ceil(queue[0].endMs - nowMs())));
  }

  function onTime() {
    const now = nowMs();
    while (queue.length > 0 && queue[0].endMs <= now) {
      queue.shift().socket.end(answer);
    }
    if (queue.length > 0) startTimer();
  }

  function serve(socket, ms) {
    if (blocking || ms === 0) {
      if (ms > 0) Atomics.wait(never, 0, 0, ms);
      socket.end(answer);
      return;
    }
    freeMs = Math.max(freeMs, nowMs()) + ms;
    queue.push({socket, endMs: freeMs});
    if (queue.length === 1) startTimer();
  }

  const server = net.createServer((socket) => {
    let request = '';
    socket.on('data', (data) => {
      request += data.toString('latin1');
      if (!request.includes('\r\n\r\n')) return;
      const path = /^GET \/(\d+)/.exec(request);
      request = '';
      serve(socket, path ? Math.min(Number(path[1]), 60000) : 0);
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen({host: '127.0.0.1', port, backlog: 4096});
});
