'use strict';
// Node's cluster with a bare net.Server: the same answer as the raw servers,
// with the least that Node can do for it.

const net = require('node:net');
const {BODY, run} = require('./canned.js');

function answer(worker, extra) {
  return Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${BODY.length}\r\nX-Worker: ${worker}\r\n` +
      `${extra}\r\n${BODY}`);
}

run((port, worker) => {
  const keep = answer(worker, '');
  const last = answer(worker, 'Connection: close\r\n');
  const server = net.createServer((socket) => {
    let request = '';
    socket.on('data', (data) => {
      request += data.toString('latin1');
      let end;
      while ((end = request.indexOf('\r\n\r\n')) >= 0) {
        const head = request.slice(0, end);
        request = request.slice(end + 4);
        if (/\r\nconnection: *close/i.test(head)) {
          socket.end(last);
          return;
        }
        socket.write(keep);
      }
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen({host: '127.0.0.1', port, backlog: 4096});
});
