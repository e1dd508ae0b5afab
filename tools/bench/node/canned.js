'use strict';
// What the Node servers share: the answer, and a primary that forks and tells
// how long each worker took to come online.

const cluster = require('node:cluster');

const BODY = 'Hello, world!\n';

// Reads `PORT WORKERS` from the command line; forks in the primary, calls
// serve(port, workerName) in a worker. The policy is Node's own environment
// variable, NODE_CLUSTER_SCHED_POLICY=rr|none.
function run(serve) {
  const port = Number(process.argv[2]);
  const workers = Number(process.argv[3]);
  if (!(port > 0 && workers > 0)) {
    console.error('usage: node SERVER.js PORT WORKERS');
    process.exit(2);
  }
  if (cluster.isWorker) {
    serve(port, String(cluster.worker.id - 1));
    return;
  }
  for (let i = 0; i < workers; i++) {
    const forked = process.hrtime.bigint();
    cluster.fork().once('online', () => {
      const us = Number(process.hrtime.bigint() - forked) / 1000;
      console.log(JSON.stringify({online_us: us}));
    });
  }
  cluster.on('exit', (worker) => {
    console.error(`worker ${worker.id} died, ending`);
    process.exit(1);
  });
}

module.exports = {BODY, run};
