"""What the shoot-out compares: three tables, who is in each, in which order."""

import dataclasses
import os

from contenders import Contender

WORKERS = 8
# The time that a connection's request asks for: 1 ms, one in ten 20 ms.
USUAL_MS, SELDOM_MS, SELDOM_SHARE = 1, 20, 0.1
MEAN_MS = USUAL_MS * (1 - SELDOM_SHARE) + SELDOM_MS * SELDOM_SHARE
LOAD = 0.8
# What all workers can serve in a second, by the model.
CAPACITY = WORKERS * 1000 / MEAN_MS
RATE = LOAD * CAPACITY
# Sticky policies go by the client's address: many, so that chance is small.
CLIENTS = 4096
DELAYED_MS = 100
# Of each contender, in each table.
RUNS = 10


@dataclasses.dataclass(frozen=True)
class Table:
    """One comparison of all contenders."""
    name: str
    title: str
    about: str
    model: str        # of service: timed or blocking
    stall_s: float    # one worker is stopped that long, from the first moment


TABLES = (
    Table('timed', 'Workers that wait',
          'every worker takes connections at once and serves them one after '
          'the other, by a timer', 'timed', 0),
    Table('blocking', 'Workers that block',
          'the same, but a worker stands still while it serves',
          'blocking', 0),
    Table('stalled', 'One worker stands still',
          'as the first, but one worker is stopped (SIGSTOP) for the first '
          'half second of each run', 'timed', 0.5),
)

# As nginx/served_by_time.conf names it.
NGINX_PERL = '/usr/lib/nginx/modules/ngx_http_perl_module.so'

# Each policy of the host, with the parameters it is measured with. `first`
# packs: of its default cap of 100 connections each would wait for 99 others.
POLICIES = ('round_robin', 'smooth_weighted_round_robin', 'random',
            'least_connections', 'least_requests', 'p2c', 'peak_ewma',
            'least_work', 'idle_first', 'first:cap=2', 'rendezvous', 'maglev',
            'bounded_load', 'prequal')

# Of contenders, where they are not the policy's.
_NAMES = {'first:cap=2': 'first',
          'smooth_weighted_round_robin': 'smooth_weighted'}

_ADDRESS = ' --listen=127.0.0.1:{port} --workers={workers}'
_HOST = ('[//core/host:host] [//tools/bench:served_by_time.so] '
         '--set model=<model>' + _ADDRESS)


def _host(name, flags):
    return Contender('cluster_' + name, f'{_HOST} {flags}')


def _node(policy):
    return Contender(
        'node_' + policy,
        'node {bench}/node/served_by_time.js {port} {workers} <model>',
        env=(f'NODE_CLUSTER_SCHED_POLICY={policy}',), warm_s=1.5)


def contenders(model):
    """All of them, with this model of service."""
    found = [_host(_NAMES.get(policy, policy), '--policy=' + policy)
             for policy in POLICIES]
    found += [
        _host('share', '--data_path=share'),
        _host('steer_random', '--data_path=steer --policy=random'),
        _host('steer_cpu_local', '--data_path=steer --policy=cpu_local'),
        _node('rr'), _node('none'),
        Contender('nginx_reuseport',
                  'nginx -p {scratch} -e {scratch}/error.log '
                  '-c {scratch}/server.conf',
                  env=('SERVICE_MODEL=<model>',),
                  template='nginx/served_by_time.conf',
                  worker='worker process'),
    ]
    return [dataclasses.replace(
        c, command=c.command.replace('<model>', model),
        env=tuple(v.replace('<model>', model) for v in c.env)) for c in found]


def cannot_run(contender, workers, cpus):
    """Why the contender cannot take part on this machine, or ''."""
    if contender.name.startswith('nginx') and not os.path.exists(NGINX_PERL):
        return 'libnginx-mod-http-perl is not installed'
    if contender.name == 'cluster_steer_cpu_local' and workers != cpus:
        return (f'cpu_local wants as many workers as CPUs: {workers} workers, '
                f'{cpus} CPUs')
    return ''


@dataclasses.dataclass(frozen=True)
class Run:
    """One contender, driven once."""
    number: int  # from 0; those of one number have the same arrivals
    table: Table
    contender: Contender


def runs(chosen, count, random):
    """The Runs, in order: in each of `count` rounds everybody once, shuffled.

    `chosen` is [(table, [contender])].
    """
    order = []
    for number in range(count):
        round_of = [Run(number, table, contender)
                    for table, contenders_of in chosen
                    for contender in contenders_of]
        random.shuffle(round_of)
        order += round_of
    return order
