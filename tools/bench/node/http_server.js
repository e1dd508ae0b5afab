'use strict';
// Node's cluster with http.Server, as most people use it.

const http = require('node:http');
const {BODY, run} = require('./canned.js');

run((port, worker) => {
  const server = http.createServer((request, response) => {
    response.writeHead(200, {
      'Content-Type': 'text/plain',
      'Content-Length': BODY.length,
      'X-Worker': worker,
    });
    response.end(BODY);
  });
  // Held connections are idle for longer than the 5 s default.
  server.keepAliveTimeout = 60000;
  server.listen({host: '127.0.0.1', port, backlog: 4096});
});
